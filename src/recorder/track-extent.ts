/**
 * From the first to the last sample that a stream sent, on the call's clock. Packets that were
 * gated count too: they say when, not what.
 */
export class TrackExtent {
  #first = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;
  /** Of the time line in progress, relative to its beginning. */
  #relativeFirst = Number.POSITIVE_INFINITY;
  #relativeEnd = Number.NEGATIVE_INFINITY;

  /** The track goes on: its first packet came before. */
  resume(startPosition: number): void {
    this.#first = startPosition;
    this.#end = startPosition;
  }

  include(position: number, samples: number): void {
    if (position < this.#relativeFirst) this.#relativeFirst = position;
    if (position + samples > this.#relativeEnd) this.#relativeEnd = position + samples;
  }

  /** The time line is over: it began at `anchor`. */
  settle(anchor: () => number): void {
    if (this.#relativeEnd === Number.NEGATIVE_INFINITY) return;
    const start = anchor();
    this.#first = Math.min(this.#first, start + this.#relativeFirst);
    this.#end = Math.max(this.#end, start + this.#relativeEnd);
    this.#relativeFirst = Number.POSITIVE_INFINITY;
    this.#relativeEnd = Number.NEGATIVE_INFINITY;
  }

  get startPosition(): number | null {
    return Number.isFinite(this.#first) ? this.#first : null;
  }

  get endPosition(): number | null {
    return Number.isFinite(this.#end) ? this.#end : null;
  }
}
