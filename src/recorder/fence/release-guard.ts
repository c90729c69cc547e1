import type { Frame } from '../segment/frame.ts';

/** After that a packet that was sent before a release does not come any more. */
const WARY_MS = 5_000;
/** No path is believed to have become slower than this in all. */
const MAX_SLOWER_MS = 1_000;

/**
 * What a stream may keep after its gate opened (docs/decisions/0002): only what was *sent* after it
 * was asked to open. A packet must lie behind everything that was gated, and must have been sent
 * late enough by the stream's own clock: the least delay that its packets have shown, less the
 * guard, which stands for the part of the path's delay that nobody can measure one way.
 *
 * The straightened position orders packets by number and timestamp both.
 */
export class ReleaseGuard {
  readonly #guardMs: number;
  /** Units of the RTP clock since the time line began. */
  #gatedUpTo = Number.NEGATIVE_INFINITY;
  #releasedAtMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #slowerMs = 0;
  #uncertainMs = 0;

  constructor(guardMs: number) {
    this.#guardMs = guardMs;
  }

  /** The frame came while the gate was shut, or in doubt. */
  gated({ position }: Pick<Frame, 'position'>): void {
    if (position > this.#gatedUpTo) this.#gatedUpTo = position;
  }

  /** @param askedAtMs when somebody asked for it, monotonic ms */
  released(askedAtMs: number): void {
    // A Start may have been asked for before the client's hold ended, which lets it take effect.
    this.#releasedAtMs = Math.max(this.#releasedAtMs, askedAtMs);
    this.#uncertainMs = 0;
    const notBeforeMs = askedAtMs + this.#guardMs + this.#slowerMs;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, notBeforeMs);
  }

  /** Delays of this time line may be that much longer than its least one says. */
  slower(ms: number): void {
    const before = this.#slowerMs;
    this.#slowerMs = Math.min(MAX_SLOWER_MS, before + ms);
    this.#notBeforeMs += this.#slowerMs - before;
  }

  /** Sending times may be estimated this much too late, until the next release. */
  uncertain(ms: number): void {
    const before = this.#uncertainMs;
    this.#uncertainMs = Math.max(before, ms);
    this.#notBeforeMs += this.#uncertainMs - before;
  }

  /** Positions count from another beginning now. */
  timeLine(): void {
    this.#gatedUpTo = Number.NEGATIVE_INFINITY;
    this.#slowerMs = 0;
  }

  /** True while packets from before the release may still come. */
  isWary(nowMs: number): boolean {
    return nowMs - this.#releasedAtMs < WARY_MS;
  }

  /** @param soonestMs when the frame would have come at the least delay */
  passes({ position }: Readonly<Frame>, soonestMs: number): boolean {
    return position > this.#gatedUpTo && soonestMs >= this.#notBeforeMs;
  }
}
