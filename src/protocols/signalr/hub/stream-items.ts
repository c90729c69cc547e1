export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/**
 * Hands each item to `take` and awaits it, until the end or until `signal` aborts: then at once,
 * even if the next item never comes. The iterator is told unless it ended by itself.
 */
export async function forEachItem(
  items: AsyncIterable<unknown>,
  signal: AbortSignal,
  take: (item: unknown) => Promise<void> | undefined,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const untilAbort = abortable(signal);
  let ended = false;
  try {
    for (;;) {
      const next = await untilAbort(iterator.next());
      if (next === undefined) return;
      if (next.done) {
        ended = true;
        return;
      }
      await untilAbort(Promise.resolve(take(next.value)));
    }
  } finally {
    // Not awaited: a generator that hangs in an await returns only after that.
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/**
 * Makes a promise resolve with undefined on abort. All share one listener, and no Promise.race with
 * a promise that outlives them, which would keep every one alive.
 */
function abortable(signal: AbortSignal): <T>(promise: Promise<T>) => Promise<T | undefined> {
  let wake = () => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  return (promise) =>
    new Promise((resolve, reject) => {
      wake = () => resolve(undefined);
      if (signal.aborted) wake();
      promise.then(resolve, reject);
    });
}
