import { SipTimeoutError } from '../message/errors.ts';
import { serializeRequest } from '../message/serializer.ts';
import type { SipRequest, SipResponse } from '../message/types.ts';
import { TimerSet } from './timers.ts';
import {
  type ClientTransaction,
  type ClientUser,
  type TransactionLink,
  transportFailure,
} from './transaction.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ClientOptions {
  readonly request: SipRequest;
  readonly link: TransactionLink;
  readonly user: ClientUser;
}

/**
 * Every request but INVITE and ACK, client side (RFC 3261 section 17.1.2).
 *
 *          | request sent
 *          v
 *     +--------+  1xx   +------------+
 *     | trying |------->| proceeding |     E: request again (UDP), T1 up to T2;
 *     +--------+        +------------+        every T2 once proceeding
 *       |    | 200-699     | 200-699 |     F or failed transport: owner hears of it
 *     F |    v             v         | F
 *       |  +-----------------------+ |
 *       |  |       completed       | |     answer again: nothing
 *       |  +-----------------------+ |
 *       v              | K            v
 *     +--------------------------------+
 *     |           terminated           |
 *     +--------------------------------+
 */
export class PlainClientTransaction implements ClientTransaction {
  readonly #options: ClientOptions;
  readonly #data: Buffer;
  readonly #retransmit = new TimerSet();
  readonly #timers = new TimerSet();
  #state: State = 'trying';

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#data = serializeRequest(options.request);
  }

  start(): void {
    const { timers, reliable, maxResends } = this.#options.link;
    const { method } = this.#options.request;
    this.#send();
    this.#timers.after(timers.timeoutMs, () => this.fail(new SipTimeoutError(method)));
    if (reliable) return;
    this.#retransmit.repeat(timers.t1Ms, timers.t2Ms, () => this.#send(), maxResends);
  }

  receive(response: SipResponse): void {
    if (this.#state === 'trying' && response.statusCode < 200) this.#transition('proceeding');
    else if (this.#waiting && response.statusCode >= 200) {
      this.#transition('completed');
      this.#options.user.onAnswer(response);
    }
  }

  fail(error: Error): void {
    const waited = this.#waiting;
    this.#transition('terminated');
    if (waited) this.#options.user.onFailure(error);
  }

  get #waiting(): boolean {
    return this.#state === 'trying' || this.#state === 'proceeding';
  }

  #send(): void {
    void this.#options.link.send(this.#data).then((sent) => {
      if (!sent && this.#waiting) this.receive(transportFailure());
    });
  }

  #transition(next: State): void {
    const { timers, reliable, onTerminated } = this.#options.link;
    if (this.#state === 'terminated') return;
    this.#state = next;
    this.#retransmit.clear();
    if (next === 'proceeding') {
      if (!reliable) this.#retransmit.repeat(timers.t2Ms, timers.t2Ms, () => this.#send());
      return;
    }
    this.#timers.clear();
    if (next === 'terminated') onTerminated();
    else this.#timers.after(reliable ? 0 : timers.t4Ms, () => this.#transition('terminated'));
  }
}
