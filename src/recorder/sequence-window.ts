const WINDOW = 64;

/** Tells a packet that came twice, within the last 64 of its source (RFC 3550 appendix A.1). */
export class SequenceWindow {
  #highest = -1;
  readonly #seen = new Int32Array(WINDOW).fill(-1);

  /**
   * False for a sequence number seen before. Older than the window counts as new: it is late, not
   * double.
   */
  accept(sequence: number): boolean {
    const slot = sequence % WINDOW;
    if (this.#seen[slot] === sequence) return false;
    this.#seen[slot] = sequence;
    if (this.#highest === -1 || ((sequence - this.#highest) & 0xffff) < 0x8000) {
      this.#highest = sequence;
    }
    return true;
  }

  get highest(): number | null {
    return this.#highest === -1 ? null : this.#highest;
  }

  reset(): void {
    this.#highest = -1;
    this.#seen.fill(-1);
  }
}
