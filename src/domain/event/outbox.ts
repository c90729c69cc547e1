import type { RecordingEvent } from '../model/recording-event.ts';

/**
 * Events on their way to the bus: one UCC's, or all of them. A Start is committed before it is in
 * effect, and published after it. Later commits wait for it, so that events leave in the order of
 * their numbers.
 */
export class Outbox {
  readonly #deliver: (event: RecordingEvent) => void;
  readonly #settled = new Map<number, RecordingEvent | undefined>();
  #next: number;

  constructor(next: number, deliver: (event: RecordingEvent) => void) {
    this.#next = next;
    this.#deliver = deliver;
  }

  /**
   * Settles a number: its event is in effect or, without one, the commit failed and it stays
   * unused.
   */
  settle(number: number, event: RecordingEvent | undefined): void {
    this.#settled.set(number, event);
    while (this.#settled.has(this.#next)) {
      const due = this.#settled.get(this.#next);
      this.#settled.delete(this.#next);
      this.#next += 1;
      if (due) this.#deliver(due);
    }
  }
}
