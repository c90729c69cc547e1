import type { ServerResponse } from 'node:http';
import type { Principal } from '../../domain/model/principal.ts';
import { whenClosed } from '../request/when-closed.ts';

export interface DownloadWatchPorts {
  /** Whether a bearer is still who it was when it was let in. */
  isCurrent(principal: Principal): boolean;
  /** Called after somebody is no longer who it was. @returns what ends it */
  onPeopleChanged(listener: () => void): () => void;
}

/** Looks per timeout; so many in a row that find nothing taken cut the download off. */
const LOOKS = 4;
/** Bytes written at once: progress is seen when the system has taken all of them. */
const PIECE_BYTES = 16_384;

/**
 * Cuts a download off whose client takes nothing for so long: it keeps a file open, and of an
 * export a whole thread. Only what waits for the client counts, so that audio which is still being
 * made, or a call in which nobody speaks, may take its time. What the client sends meanwhile does
 * not count, so that a socket's own idle time is no measure.
 */
export function cutOffStalled(response: ServerResponse, timeoutMs: number): void {
  let takenBytes = -1;
  let idleLooks = 0;
  const look = (): void => {
    const { socket } = response;
    if (!socket) return;
    const waitingBytes = response.writableLength + socket.writableLength;
    const nowTakenBytes = socket.bytesWritten - socket.writableLength;
    const isIdle = waitingBytes > 0 && nowTakenBytes === takenBytes;
    idleLooks = isIdle ? idleLooks + 1 : 0;
    takenBytes = nowTakenBytes;
    if (idleLooks >= LOOKS) response.destroy();
  };
  const timer = setInterval(look, Math.ceil(timeoutMs / LOOKS)).unref();
  whenClosed(response, () => clearInterval(timer));
}

/** Cuts a download off as soon as whoever asked for it was removed, reset or given another role. */
export function cutOffRemoved(
  response: ServerResponse,
  principal: Principal,
  services: Pick<DownloadWatchPorts, 'isCurrent' | 'onPeopleChanged'>,
): void {
  const look = (): void => {
    if (!services.isCurrent(principal)) response.destroy();
  };
  const stopListening = services.onPeopleChanged(look);
  whenClosed(response, stopListening);
  look();
}

/**
 * Cuts a download off as soon as its recording was erased, with what waits for the client: it may
 * take as long as it likes, and an erasure that is done is done.
 */
export function cutOffErased(response: ServerResponse, erased: AbortSignal): void {
  const cut = (): void => {
    if (response.closed || response.destroyed) return;
    // A response that others wait before has no socket of its own yet.
    const { socket } = response.req;
    // Only a reset drops bytes that the system holds, and TLS has none.
    if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
    response.destroy();
  };
  if (erased.aborted) cut();
  else erased.addEventListener('abort', cut, { once: true });
}

/** Pieces that a slow line takes in time. */
export async function* inPieces(audio: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of audio) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}
