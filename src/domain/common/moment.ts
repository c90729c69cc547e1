/** An instant on the machine's monotonic clock, which no step of the wall clock moves. */
export interface Moment {
  readonly bootId: string;
  /** Counts since the boot of that id, or from any other point that all its processes share. */
  readonly monotonicMs: number;
}

/**
 * Returns the least time since `then`. Across a boot the time switched off is unknown: only the
 * time since the machine came up has surely passed.
 */
export function leastAgeMs(then: Moment, now: Moment): number {
  const since = then.bootId === now.bootId ? then.monotonicMs : 0;
  return Math.max(0, now.monotonicMs - since);
}

/** The machine's monotonic clock. */
export interface Moments {
  moment(): Moment;
}
