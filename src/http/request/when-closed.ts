import type { ServerResponse } from 'node:http';

/**
 * Runs once the response is closed, and soon where it is already: a client may go while the gate
 * makes up its mind, and its response tells of that no second time.
 */
export function whenClosed(response: ServerResponse, run: () => void): void {
  if (response.closed || response.destroyed) queueMicrotask(run);
  else response.once('close', run);
}
