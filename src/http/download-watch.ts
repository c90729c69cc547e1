import type { ServerResponse } from 'node:http';

/**
 * Cuts a download off whose client takes nothing for so long: it keeps a file open, and of an
 * export a whole thread. Only what waits for the client counts, so that audio which is still being
 * made, or a call in which nobody speaks, may take its time. Node counts as progress what the
 * system takes, be it less than a piece.
 */
export function cutOffStalled(response: ServerResponse, timeoutMs: number): void {
  response.setTimeout(timeoutMs, () => {
    const { socket } = response;
    const waiting = response.writableLength + (socket?.writableLength ?? 0);
    if (waiting > 0) response.destroy();
    else socket?.setTimeout(timeoutMs);
  });
}
