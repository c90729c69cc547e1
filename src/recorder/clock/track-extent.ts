/**
 * The range from the first to the last sample that a stream sent, on the call's clock. Gated
 * packets count too: the extent tells when audio came, not what it was.
 */
export class TrackExtent {
  #first = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;
  /** Extent of packets since the last `settle`, relative to the time line's beginning. */
  #relativeFirst = Number.POSITIVE_INFINITY;
  #relativeEnd = Number.NEGATIVE_INFINITY;

  /** Continues a track whose first packet came before. */
  resume(startPosition: number): void {
    this.#first = startPosition;
    this.#end = startPosition;
  }

  include(position: number, samples: number): void {
    if (position < this.#relativeFirst) this.#relativeFirst = position;
    if (position + samples > this.#relativeEnd) this.#relativeEnd = position + samples;
  }

  /** Fixes the extent so far: the time line began at `anchor` on the call's clock. */
  settle(anchor: number): void {
    if (this.#relativeEnd === Number.NEGATIVE_INFINITY) return;
    this.#first = Math.min(this.#first, anchor + this.#relativeFirst);
    this.#end = Math.max(this.#end, anchor + this.#relativeEnd);
    this.#relativeFirst = Number.POSITIVE_INFINITY;
    this.#relativeEnd = Number.NEGATIVE_INFINITY;
  }

  /** Extends the track to `position`, whether or not its audio was kept. */
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
