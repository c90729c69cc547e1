/**
 * Updates of an event come at least every 50 ms (RFC 4733 section 2.5.1.2). An event whose end was
 * lost is considered over a little later.
 */
const OPEN_EVENT_MS = 100;

/**
 * The RFC 4733 event in progress, in units relative to the stream's time line: when it is, never
 * which digit. Audio that a client sends beside it may be the digit's own tone.
 */
export class DigitEvents {
  readonly #openUnits: number;
  #start = 0;
  #end = 0;

  constructor(clockRate: number) {
    this.#openUnits = (clockRate * OPEN_EVENT_MS) / 1000;
  }

  /** Takes a packet of the event, which has lasted `units` so far. */
  note(start: number, units: number, ended: boolean): void {
    // A segmented event (section 2.5.1.3), under a new timestamp, continues here as well.
    if (start < this.#start || start > this.#end) this.#start = start;
    this.#end = start + units + (ended ? 0 : this.#openUnits);
  }

  covers(position: number, units: number): boolean {
    return position < this.#end && position + units > this.#start;
  }

  /** Forgets the event: positions now count from another beginning. */
  reset(): void {
    this.#start = 0;
    this.#end = 0;
  }
}
