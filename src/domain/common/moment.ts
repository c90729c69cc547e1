/** An instant on the machine's monotonic clock: no step of the wall clock moves it. */
export interface Moment {
  readonly bootId: string;
  /** Since the boot of that id, or from any other point that all its processes share. */
  readonly monotonicMs: number;
}

/**
 * How long ago `then` was, at the least. Across a boot nobody knows how long the machine was off:
 * only the time since it came up has surely passed.
 */
export function leastAgeMs(then: Moment, now: Moment): number {
  const since = then.bootId === now.bootId ? then.monotonicMs : 0;
  return Math.max(0, now.monotonicMs - since);
}

/** The machine's monotonic clock. */
export interface Moments {
  moment(): Moment;
}
