/** Packets behind the newest that are still told apart (RFC 3711 section 3.3.2: at least 64). */
export const REPLAY_WINDOW_PACKETS = 128;

/** Remembers which packet indexes were accepted. */
export class ReplayWindow {
  /** -1 before the first. */
  highest = -1;
  readonly #taken = new Uint8Array(REPLAY_WINDOW_PACKETS);

  accepts(index: number): boolean {
    if (index > this.highest) return true;
    if (index < 0 || index <= this.highest - REPLAY_WINDOW_PACKETS) return false;
    return this.#taken[index % REPLAY_WINDOW_PACKETS] === 0;
  }

  /** Records an accepted index of an authenticated packet; call it for no other. */
  take(index: number): void {
    if (index - this.highest >= REPLAY_WINDOW_PACKETS) this.#taken.fill(0);
    else
      for (let at = this.highest + 1; at < index; at++) this.#taken[at % REPLAY_WINDOW_PACKETS] = 0;
    this.#taken[index % REPLAY_WINDOW_PACKETS] = 1;
    if (index > this.highest) this.highest = index;
  }
}
