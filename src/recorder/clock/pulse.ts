import { monotonicMs } from './clock-origin.ts';

const BEAT_AT = 0;
const CAME_AT = 1;
const DISOWNED = 2;
const FIELDS = 3;

/** How often the main thread says that it is there. */
const BEAT_MS = 20;
/** A beat that comes later behind the one before was held up, and so were commands meanwhile. */
const LATE_MS = 2 * BEAT_MS;
/** What came during a stall has been read when the loop has gone round so often since. */
const CATCH_UP_BEATS = 4;

/**
 * A thread's pulse. The main thread's is in memory that it shares with the media threads, and tells
 * them that commands can be heard at all; each media thread has one of its own. Both tell since
 * when something that is read now may have been waiting: behind a stall since its beginning, which
 * counting from the reading would miss.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array;
  /** The last beats, oldest first. */
  #beats: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(memory = new SharedArrayBuffer(FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
  }

  /**
   * Begins to beat, in the thread whose pulse it is.
   * @param isOwner false while commands may be another process's to hear
   */
  start(isOwner: () => boolean = () => true): void {
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

  /** False while commands may be another process's to hear, however well this one's thread does. */
  get isOwned(): boolean {
    return this.#fields[DISOWNED] === 0;
  }

  /** Monotonic ms: nothing that has not been read yet came earlier. */
  get cameAtMs(): number {
    return this.#fields[CAME_AT] as number;
  }

  /** Monotonic ms: what was read at that moment came then or, behind a stall, since it began. */
  cameAfterMs(readAtMs: number): number {
    return readAtMs - this.cameAtMs > LATE_MS ? this.cameAtMs : readAtMs;
  }
}
