const WINDOW = 64;

/** Tells a packet that came twice, within the last 64 of its source (RFC 3550 appendix A.1). */
export class SequenceWindow {
  readonly #seen = new Int32Array(WINDOW).fill(-1);

  /**
   * False for a sequence number seen before. Older than the window counts as new: it is late, not
   * double.
   */
  accept(sequence: number): boolean {
    const slot = sequence % WINDOW;
    if (this.#seen[slot] === sequence) return false;
    this.#seen[slot] = sequence;
    return true;
  }

  reset(): void {
    this.#seen.fill(-1);
  }
}
