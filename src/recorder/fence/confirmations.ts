import type { Confirmation } from '../messages.ts';

/** So many streams have confirmed before the main thread goes on with their calls. */
const AT_ONCE = 32;

/** Confirmations of one turn, in few messages: 400 streams fence as fast as one. */
export class Confirmations {
  readonly #send: (confirmations: readonly Confirmation[]) => void;
  #waiting: Confirmation[] = [];

  constructor(send: (confirmations: readonly Confirmation[]) => void) {
    this.#send = send;
  }

  add(confirmation: Confirmation): void {
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    this.#waiting.push(confirmation);
    if (this.#waiting.length >= AT_ONCE) this.flush();
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#send(this.#waiting);
    this.#waiting = [];
  }
}
