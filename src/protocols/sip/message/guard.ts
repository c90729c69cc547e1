/**
 * Runs code of the library's user. What it throws, or rejects with when it is asynchronous after
 * all, ends in `onFailure` and never reaches a socket callback.
 */
export function guard(action: () => unknown, onFailure: () => void = () => undefined): void {
  try {
    const result = action();
    if (result instanceof Promise) result.catch(onFailure);
  } catch {
    onFailure();
  }
}
