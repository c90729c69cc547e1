import { monotonicMs } from './clock-origin.ts';

const BEAT_AT = 0;
const CAME_AT = 1;
const DISOWNED = 2;
const ERASED_FROM = 3;
const FIELDS = 4;

/** Interval at which the main thread signals that it is there. */
const BEAT_MS = 20;
/** A beat this long after the previous one was delayed, and so were commands meanwhile. */
const LATE_MS = 2 * BEAT_MS;
/** After this many turns of the loop, everything that came during a stall has been read. */
const CATCH_UP_BEATS = 4;

/**
 * A thread's pulse. The main thread's lives in memory shared with the media threads and tells them
 * that commands can be heard at all. Each media thread also has its own. Both tell since when an
 * item read now may have been waiting: after a stall, since the stall's beginning, which counting
 * from the reading would miss.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array;
  /** The last beats, oldest first. */
  #beats: readonly number[] = [];
  /** When commands came that are under way and erase, monotonic ms. */
  #erasing: readonly (readonly number[])[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(memory = new SharedArrayBuffer(FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
  }

  /**
   * Starts the beat in the thread that the pulse belongs to.
   * @param isOwner false while commands may be for another process to hear
   */
  start(isOwner: () => boolean = () => true): void {
    this.#fields[ERASED_FROM] = Number.POSITIVE_INFINITY;
    this.beat(monotonicMs());
    this.#timer = setInterval(() => {
      const isOwned = isOwner();
      this.#fields[DISOWNED] = Number(!isOwned);
      if (isOwned) this.beat(monotonicMs());
    }, BEAT_MS);
    this.#timer.unref();
  }

  beat(nowMs: number): void {
    this.#beats = [...this.#beats, nowMs].slice(-CATCH_UP_BEATS - 1);
    const late = this.#beats.find((beat, at) => (this.#beats[at + 1] ?? beat) - beat > LATE_MS);
    this.#fields[CAME_AT] = late ?? nowMs;
    this.#fields[BEAT_AT] = nowMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Monotonic ms of the last beat. */
  get beatAtMs(): number {
    return this.#fields[BEAT_AT] as number;
  }

  /** False while commands may be for another process to hear, even if this thread is healthy. */
  get isOwned(): boolean {
    return this.#fields[DISOWNED] === 0;
  }

  /** Monotonic ms before which nothing came that is still unread. */
  get cameAtMs(): number {
    return this.#fields[CAME_AT] as number;
  }

  /**
   * A command that came at `cameAtMs` is about to erase what is held back: nothing that it may
   * reach is written until the function returned is called.
   */
  erase(cameAtMs: number): () => void {
    // An object of its own: two commands may have come at once.
    const erasing = [cameAtMs];
    this.#setErasing([...this.#erasing, erasing]);
    return () => this.#setErasing(this.#erasing.filter((other) => other !== erasing));
  }

  /** Monotonic ms before which nothing came that is still unread, or has not erased yet. */
  get erasesFromMs(): number {
    return Math.min(this.cameAtMs, this.#fields[ERASED_FROM] as number);
  }

  #setErasing(erasing: readonly (readonly number[])[]): void {
    this.#erasing = erasing;
    this.#fields[ERASED_FROM] = Math.min(Number.POSITIVE_INFINITY, ...erasing.flat());
  }

  /**
   * Returns the earliest arrival, monotonic ms, of an item read then: its stall's beginning, if
   * any.
   */
  cameAfterMs(readAtMs: number): number {
    return readAtMs - this.cameAtMs > LATE_MS ? this.cameAtMs : readAtMs;
  }
}
