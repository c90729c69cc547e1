import type { ServerResponse } from 'node:http';

/**
 * Runs once the response is closed, and soon where it is already: a client may go while it is looked
 * at whether it may come in, and its response tells of that no second time.
 */
export function whenClosed(response: ServerResponse, run: () => void): void {
  if (response.closed || response.destroyed) queueMicrotask(run);
  else response.once('close', run);
}
