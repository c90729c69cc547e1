/**
 * From the first to the last sample that a stream sent, on the call's clock. Packets that were
 * gated count too: they say when, not what.
 */
export class TrackExtent {
  #first = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;
  /** Of what came since it was settled, relative to the time line's beginning. */
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

  /** So far the time line lay on the call's clock with its beginning at `anchor`. */
  settle(anchor: number): void {
    if (this.#relativeEnd === Number.NEGATIVE_INFINITY) return;
    this.#first = Math.min(this.#first, anchor + this.#relativeFirst);
    this.#end = Math.max(this.#end, anchor + this.#relativeEnd);
    this.#relativeFirst = Number.POSITIVE_INFINITY;
    this.#relativeEnd = Number.NEGATIVE_INFINITY;
  }

  /** The track lasted until then, whatever came of it. */
  reach(position: number): void {
    if (Number.isFinite(this.#end)) this.#end = Math.max(this.#end, position);
  }

  get startPosition(): number | null {
    return Number.isFinite(this.#first) ? this.#first : null;
  }

  get endPosition(): number | null {
    return Number.isFinite(this.#end) ? this.#end : null;
  }
}
