/** SSRCs a receiver keeps state of; the least recently used is dropped first. */
export const MAX_SRTP_SOURCES = 16;

/** State by SSRC. The previous packet's source is found without touching the map. */
export class RecentSources<State> {
  readonly #states = new Map<number, State>();
  #ssrc = -1;
  #state: State | undefined;

  get(ssrc: number): State | undefined {
    if (ssrc === this.#ssrc) return this.#state;
    return this.#states.get(ssrc);
  }

  /** Keeps the state as the most recently used. */
  keep(ssrc: number, state: State): void {
    if (ssrc === this.#ssrc && state === this.#state) return;
    this.#states.delete(ssrc);
    this.#states.set(ssrc, state);
    this.#ssrc = ssrc;
    this.#state = state;
    if (this.#states.size <= MAX_SRTP_SOURCES) return;
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      break;
    }
  }
}
