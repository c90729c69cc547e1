/** How often a media thread looks at the clock, packets or not. */
export const LOOK_INTERVAL_MS = 20;
/** A look that comes later than this behind the one before was held up, and so were packets. */
const LATE_MS = 50;
/** What came during a standstill has been read when so many looks came in time since. */
const CATCH_UP_LOOKS = 4;

/**
 * When a media thread stood still: what it reads behind that may have come at any time since. A
 * packet's arrival is when it was read; where it matters when it was sent, this tells how much
 * earlier it may have come.
 */
export class Standstill {
  #lookedAtMs: number;
  #fromMs = 0;
  #untilMs = Number.POSITIVE_INFINITY;
  #caughtUpAtMs = Number.NEGATIVE_INFINITY;
  #looksInTime = CATCH_UP_LOOKS;

  constructor(nowMs: number) {
    this.#lookedAtMs = nowMs;
  }

  /** Before whatever the thread finds in its sockets is read. */
  look(nowMs: number): void {
    if (nowMs - this.#lookedAtMs > LATE_MS) {
      // One standstill behind another: nobody has caught up between.
      if (this.#looksInTime >= CATCH_UP_LOOKS) {
        this.#fromMs = this.#lookedAtMs;
        this.#untilMs = nowMs;
      }
      this.#looksInTime = 0;
      this.#caughtUpAtMs = Number.POSITIVE_INFINITY;
    }
    this.#lookedAtMs = nowMs;
  }

  /** The timer came round: the loop has gone through its sockets since the last time. */
  lookInTurn(nowMs: number): void {
    this.look(nowMs);
    if (this.#looksInTime >= CATCH_UP_LOOKS) return;
    this.#looksInTime += 1;
    if (this.#looksInTime === CATCH_UP_LOOKS) this.#caughtUpAtMs = nowMs;
  }

  /** What was read at that moment did not come earlier than this. Monotonic ms. */
  cameAfterMs(readAtMs: number): number {
    const isBehind = readAtMs >= this.#untilMs && readAtMs <= this.#caughtUpAtMs;
    return isBehind ? this.#fromMs : readAtMs;
  }
}
