import type { CallHandle } from './calls.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import type { HushError } from './result.ts';

/** The page of a browser; elsewhere nothing goes away without its process. */
const page = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;

export interface Unrecorded {
  /**
   * Aborts when it is no longer certain that nothing is recorded: stop whatever must not be heard.
   */
  readonly signal: AbortSignal;
}

export type WithoutRecordingResult<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      /** False if `signal` aborted while the block ran. */
      readonly protectedThroughout: boolean;
      /** True if Hush confirmed that it may record again; else it raises an alarm by itself. */
      readonly released: boolean;
    }
  | { readonly ok: false; readonly error: HushError };

/**
 * Runs the block while nothing of the call is recorded. It starts only once Hush has confirmed
 * that; the pause is renewed while it runs, and released whatever happens. Rejects only with errors
 * of the block.
 *
 * @returns `ok: false` if the pause was not confirmed: the block has not run
 */
export async function withoutRecording<Value>(
  call: CallHandle,
  block: (unrecorded: Unrecorded) => Value | Promise<Value>,
  options: LeaseOptions = {},
): Promise<WithoutRecordingResult<Value>> {
  const taken = await Lease.take(call, options);
  if (!taken.ok) return taken;
  const lease = taken.value;
  const onPageHide = (): void => void lease.abandon();
  page.addEventListener?.('pagehide', onPageHide);
  try {
    const value = await block({ signal: lease.lost });
    const protectedThroughout = !lease.lost.aborted;
    return { ok: true, value, protectedThroughout, released: await lease.release() };
  } finally {
    page.removeEventListener?.('pagehide', onPageHide);
    await lease.release();
  }
}
