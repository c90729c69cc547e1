import { TimerSet } from './timers.ts';
import type { ServerTransaction, TransactionLink } from './transaction.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

/**
 * Every request but INVITE and ACK, server side (RFC 3261 section 17.2.2).
 *
 *          | request
 *          v
 *     +--------+  1xx   +------------+  request again:
 *     | trying |------->| proceeding |  provisional again
 *     +--------+        +------------+
 *          | 200-699          | 200-699
 *          v                  v
 *        +----------------------+  request again:
 *        |      completed       |  answer again
 *        +----------------------+
 *          | J (at once on TCP)
 *          v
 *     +------------+
 *     | terminated |
 *     +------------+
 */
export class PlainServerTransaction implements ServerTransaction {
  readonly absorbsAck = false;
  readonly #link: TransactionLink;
  readonly #timers = new TimerSet();
  #state: State = 'trying';
  #last: Buffer | undefined;

  constructor(link: TransactionLink) {
    this.#link = link;
  }

  get answered(): boolean {
    return this.#state === 'completed' || this.#state === 'terminated';
  }

  respond(statusCode: number, data: Buffer): void {
    if (this.answered) return;
    this.#last = data;
    this.resend();
    this.#transition(statusCode >= 200 ? 'completed' : 'proceeding');
  }

  receive(): void {
    this.resend();
  }

  resend(): void {
    if (this.#last !== undefined) void this.#link.send(this.#last);
  }

  terminate(): void {
    if (this.#state !== 'terminated') this.#transition('terminated');
  }

  #transition(next: State): void {
    this.#state = next;
    this.#timers.clear();
    if (next === 'completed') {
      const lingerMs = this.#link.reliable ? 0 : this.#link.timers.timeoutMs;
      this.#timers.after(lingerMs, () => this.terminate());
    } else if (next === 'terminated') this.#link.onTerminated();
  }
}
