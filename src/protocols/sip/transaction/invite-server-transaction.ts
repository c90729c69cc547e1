import { TimerSet } from './timers.ts';
import type { ServerTransaction, TransactionLink } from './transaction.ts';

type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/**
 * INVITE, server side (RFC 3261 section 17.2.1 with RFC 6026 section 7.1).
 *
 *                      | INVITE
 *                      v
 *                +------------+  200 ms without answer: 100 Trying
 *                | proceeding |  INVITE again: last provisional again
 *                +------------+
 *            2xx   |        |   300-699
 *         +--------+        +---------+
 *         v                           v
 *   +----------+              +-----------+  G: answer again (UDP)
 *   | accepted |              | completed |  INVITE again: answer again
 *   +----------+              +-----------+
 *     |   INVITE again: nothing  | ACK     | H
 *     |   (the dialog resends)   v         |
 *     |                   +-----------+    |
 *   L |                   | confirmed |    |
 *     |                   +-----------+    |
 *     v                         | I        v
 *   +--------------------------------------------+
 *   |                 terminated                 |
 *   +--------------------------------------------+
 */
export class InviteServerTransaction implements ServerTransaction {
  readonly #link: TransactionLink;
  readonly #timers = new TimerSet();
  #state: State = 'proceeding';
  #last: Buffer | undefined;

  constructor(link: TransactionLink, trying: () => Buffer) {
    this.#link = link;
    this.#timers.after(link.timers.tryingMs, () => this.respond(100, trying()));
  }

  get answered(): boolean {
    return this.#state !== 'proceeding';
  }

  get absorbsAck(): boolean {
    return this.#state === 'completed' || this.#state === 'confirmed';
  }

  respond(statusCode: number, data: Buffer): void {
    if (this.#state !== 'proceeding') return;
    this.#last = data;
    this.#timers.clear();
    this.resend();
    if (statusCode >= 300) this.#transition('completed');
    else if (statusCode >= 200) this.#transition('accepted');
  }

  receive(method: string): void {
    if (method === 'ACK') {
      if (this.#state === 'completed') this.#transition('confirmed');
    } else if (this.#state === 'proceeding' || this.#state === 'completed') this.resend();
  }

  resend(): void {
    if (this.#last !== undefined) void this.#link.send(this.#last);
  }

  terminate(): void {
    if (this.#state !== 'terminated') this.#transition('terminated');
  }

  #transition(next: State): void {
    const { t1Ms, t2Ms, t4Ms, timeoutMs } = this.#link.timers;
    this.#state = next;
    this.#timers.clear();
    if (next === 'completed') {
      const { reliable, maxResends } = this.#link;
      if (!reliable) this.#timers.repeat(t1Ms, t2Ms, () => this.resend(), maxResends);
      this.#timers.after(timeoutMs, () => this.terminate());
    } else if (next === 'accepted') this.#timers.after(timeoutMs, () => this.terminate());
    else if (next === 'confirmed') {
      this.#timers.after(this.#link.reliable ? 0 : t4Ms, () => this.terminate());
    } else this.#link.onTerminated();
  }
}
