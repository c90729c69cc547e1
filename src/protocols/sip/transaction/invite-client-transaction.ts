import { SipTimeoutError } from '../message/errors.ts';
import { header, headerValues, sequenceOf } from '../message/headers.ts';
import { serializeRequest } from '../message/serializer.ts';
import type { SipHeader, SipRequest, SipResponse } from '../message/types.ts';
import type { ClientOptions } from './plain-client-transaction.ts';
import { TimerSet } from './timers.ts';
import { type ClientTransaction, transportFailure } from './transaction.ts';

type State = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

export interface InviteClientOptions extends ClientOptions {
  /** Sends the CANCEL in a transaction of its own. */
  cancel(request: SipRequest): void;
}

/**
 * INVITE, client side (RFC 3261 section 17.1.1 with RFC 6026 section 7.2).
 *
 *              | INVITE sent
 *              v
 *         +---------+  A: INVITE again (UDP)     B or failed transport:
 *         | calling |                            owner hears of it
 *         +---------+
 *        1xx |   |  \   2xx: to the owner        +----------+  2xx again: to the owner,
 *            |   |   +-------------------------->| accepted |  who sends ACK again
 *            v   |   +-------------------------->+----------+
 *   +------------+  /   2xx                           | M
 *   | proceeding |-+   C: CANCEL, then 64*T1          |
 *   +------------+     for the 487                    |
 *            |   | 300-699: ACK, to the owner         |
 *            v   v                                    |
 *        +-----------+  300-699 again: ACK            |
 *        | completed |                                |
 *        +-----------+                                v
 *              | D                             +------------+
 *              +------------------------------>| terminated |
 *                                              +------------+
 */
export class InviteClientTransaction implements ClientTransaction {
  readonly #options: InviteClientOptions;
  readonly #data: Buffer;
  readonly #timers = new TimerSet();
  #state: State = 'calling';

  constructor(options: InviteClientOptions) {
    this.#options = options;
    this.#data = serializeRequest(options.request);
  }

  start(): void {
    const { timers, reliable } = this.#options.link;
    this.#send(this.#data);
    this.#timers.after(timers.timeoutMs, () => this.fail(new SipTimeoutError('INVITE')));
    const noCapMs = timers.timeoutMs;
    if (!reliable) this.#timers.repeat(timers.t1Ms, noCapMs, () => this.#send(this.#data));
  }

  receive(response: SipResponse): void {
    const { statusCode } = response;
    if (statusCode < 200) {
      if (this.#state === 'calling') this.#transition('proceeding');
    } else if (statusCode < 300) this.#receiveSuccess(response);
    else if (this.#waiting) {
      this.#acknowledge(response);
      this.#transition('completed');
      this.#options.user.onAnswer(response);
    } else if (this.#state === 'completed') this.#acknowledge(response);
  }

  fail(error: Error): void {
    const waited = this.#waiting;
    this.#transition('terminated');
    if (waited) this.#options.user.onFailure(error);
  }

  get #waiting(): boolean {
    return this.#state === 'calling' || this.#state === 'proceeding';
  }

  #receiveSuccess(response: SipResponse): void {
    if (this.#waiting) this.#transition('accepted');
    if (this.#state === 'accepted') this.#options.user.onAnswer(response);
  }

  #send(data: Buffer): void {
    void this.#options.link.send(data).then((sent) => {
      if (sent || !this.#waiting) return;
      this.#transition('terminated');
      this.#options.user.onAnswer(transportFailure());
    });
  }

  /** RFC 3261 section 17.1.1.3: same branch, the answer's To. */
  #acknowledge(response: SipResponse): void {
    const to = header(response, 'To') ?? '';
    this.#send(serializeRequest(followUp(this.#options.request, 'ACK', to)));
  }

  #giveUp(): void {
    const { request, link, cancel } = this.#options;
    cancel(followUp(request, 'CANCEL', header(request, 'To') ?? ''));
    this.#timers.after(link.timers.timeoutMs, () => this.fail(new SipTimeoutError('INVITE')));
  }

  #transition(next: State): void {
    const { timers, reliable, onTerminated } = this.#options.link;
    if (this.#state === 'terminated') return;
    this.#state = next;
    this.#timers.clear();
    const end = () => this.#transition('terminated');
    if (next === 'proceeding') this.#timers.after(timers.ringingMs, () => this.#giveUp());
    else if (next === 'accepted') this.#timers.after(timers.timeoutMs, end);
    else if (next === 'completed') this.#timers.after(reliable ? 0 : timers.timeoutMs, end);
    else if (next === 'terminated') onTerminated();
  }
}

/** Builds ACK and CANCEL inside the transaction (RFC 3261 sections 17.1.1.3 and 9.1). */
function followUp(request: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const [via = ''] = headerValues(request, 'Via');
  const headers: SipHeader[] = [
    { name: 'Via', value: via },
    { name: 'Max-Forwards', value: '70' },
    { name: 'From', value: header(request, 'From') ?? '' },
    { name: 'To', value: to },
    { name: 'Call-ID', value: header(request, 'Call-ID') ?? '' },
    { name: 'CSeq', value: `${sequenceOf(request)} ${method}` },
    ...headerValues(request, 'Route').map((value) => ({ name: 'Route', value })),
  ];
  return { method, requestUri: request.requestUri, headers, body: Buffer.alloc(0) };
}
