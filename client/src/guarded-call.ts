import type { CallHandle } from './calls.ts';
import type { Result } from './result.ts';

type Found = CallHandle | Result<CallHandle | undefined> | null | undefined;

/**
 * The call, or its look-up, such as `() => hush.calls.ofAgent(agent)`: a function is called at
 * once, and again before each pause, since the agent may be on the next call by then.
 */
export type GuardedCall = CallHandle | Promise<Found> | (() => Found | Promise<Found>);

/** Resolves with the call, or with the reason why there is none, whatever the look-up does. */
export async function findCall(
  call: GuardedCall,
  signal: AbortSignal,
): Promise<Result<CallHandle>> {
  let message = 'there is none';
  try {
    const looked = typeof call === 'function' ? call() : call;
    const found = await Promise.race([looked, rejectedOnce(signal)]);
    if (isHandle(found)) return { ok: true, value: found };
    if (found?.ok === false) return found;
    if (found?.ok && isHandle(found.value)) return { ok: true, value: found.value };
  } catch (cause) {
    message = cause instanceof Error ? cause.message : 'the look-up failed';
  }
  return { ok: false, error: { kind: 'noCall', message, retryable: true } };
}

/** True as well for a handle of another copy of this package. */
export function isHandle(found: unknown): found is CallHandle {
  return typeof (found as Partial<CallHandle> | null | undefined)?.takePause === 'function';
}

function rejectedOnce(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new Error('it was given up'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
