/**
 * Runs code of the library's user. Its errors and rejections, even of an unexpectedly asynchronous
 * function, end in `onFailure` and never reach a socket callback.
 */
export function guard(action: () => unknown, onFailure: () => void = () => undefined): void {
  try {
    const result = action();
    if (result instanceof Promise) result.catch(onFailure);
  } catch {
    onFailure();
  }
}
