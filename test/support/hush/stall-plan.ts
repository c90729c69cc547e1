interface Stall {
  readonly thread: 'media' | 'main';
  readonly ms: number;
}

/**
 * Stalls in turn, like those of a slow disk or a garbage collection: longer than a fence may take,
 * and longer than media threads continue alone.
 */
const stalls: readonly [Stall, ...Stall[]] = [
  { thread: 'media', ms: 300 },
  { thread: 'main', ms: 700 },
  { thread: 'media', ms: 2_600 },
  { thread: 'main', ms: 1_500 },
  { thread: 'media', ms: 900 },
  { thread: 'main', ms: 6_500 },
];

export function stallOf(count: number): Stall {
  return stalls[count % stalls.length] ?? stalls[0];
}

/** Blocks the calling thread. */
export function stallFor(ms: number): void {
  const sleeping = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(sleeping, 0, 0, ms);
}
