import type { LoadedLibc, PinnedMemory } from './libc.ts';

const CLOCK_REALTIME = 0;
/** A measurement during which this much time passed was interrupted. */
const MAX_MEASURE_MS = 0.05;
const MEASUREMENTS = 5;
/** The clocks part by less than this, unless somebody sets one. */
const STEP_MS = 1;

/**
 * Brings the system's time stamps, which are of the wall clock, to the monotonic clock that all
 * threads share. The wall clock may be set at any moment: what arrived before that was noticed is
 * known from the readings alone.
 */
export class ArrivalClock {
  readonly #libc: LoadedLibc['libc'];
  readonly #now: () => number;
  readonly #time: PinnedMemory;
  /** Monotonic ms minus Unix ms. */
  #offsetMs = 0;
  /** When a step of the wall clock was last noticed, monotonic ms. */
  #steppedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ libc, pin }: LoadedLibc, now: () => number) {
    this.#libc = libc;
    this.#now = now;
    this.#time = pin(16);
    this.look();
  }

  /** Looks at both clocks, before datagrams are read: what cannot be compared may have parted. */
  look(): void {
    const offsetMs = this.#measure();
    const isKnown = offsetMs !== undefined && Math.abs(offsetMs - this.#offsetMs) <= STEP_MS;
    if (!isKnown) this.#steppedAtMs = this.#now();
    this.#offsetMs = offsetMs ?? this.#offsetMs;
  }

  /** False for what arrived on a socket that was last read before the wall clock was set. */
  isSure(readAtMs: number): boolean {
    return readAtMs > this.#steppedAtMs;
  }

  /** @returns monotonic ms */
  of(unixMs: number): number {
    return unixMs + this.#offsetMs;
  }

  #measure(): number | undefined {
    for (let attempt = 0; attempt < MEASUREMENTS; attempt += 1) {
      const before = this.#now();
      this.#libc.clock_gettime(CLOCK_REALTIME, this.#time.address);
      const after = this.#now();
      if (after - before > MAX_MEASURE_MS) continue;
      const { unsigned } = this.#time;
      const seconds = (unsigned[0] as number) + (unsigned[1] as number) * 2 ** 32;
      const unixMs = seconds * 1000 + (unsigned[2] as number) / 1e6;
      return (before + after) / 2 - unixMs;
    }
    return undefined;
  }
}
