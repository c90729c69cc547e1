import { SipRejectedError } from '../message/errors.ts';
import { guard } from '../message/guard.ts';
import { sequenceOf } from '../message/headers.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogState,
  SipHeader,
  SipPeer,
  SipReply,
  SipRequest,
  SipResponse,
} from '../message/types.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import { DialogCore, type DialogOptions } from './dialog-core.ts';
import { DialogServer } from './dialog-server.ts';
import type { RegisteredDialog } from './stack.ts';

/** One dialog (RFC 3261 section 12), begun by either side. */
export class Dialog implements SipDialog, RegisteredDialog {
  readonly #core: DialogCore;
  readonly #server: DialogServer;
  #bye: Promise<void> | undefined;
  /** True while the peer has not proved its address: requests may reach a bystander. */
  #isUnproven = false;

  constructor(options: DialogOptions) {
    this.#core = new DialogCore(options);
    this.#server = new DialogServer(this.#core, (incoming, reply) => this.accept(incoming, reply));
    options.stack.dialogs.set(this.#core.id, this);
  }

  get id(): string {
    return this.#core.id;
  }

  get peer(): SipPeer {
    return this.#core.state.peer;
  }

  state(): SipDialogState {
    return this.#core.state;
  }

  owns(core: object): boolean {
    return this.#core === core;
  }

  /**
   * Sends a re-INVITE and resolves with its final answer, whichever it is. Rejects with
   * SipTimeoutError, SipClosedError, or at once with SipRejectedError: 481 when the dialog has
   * ended, 491 while an offer is under way in either direction, or a 2xx of ours has no ACK yet
   * (RFC 3261 section 14.1).
   */
  async invite(body: SipBody, headers: readonly SipHeader[] = []): Promise<SipResponse> {
    const request = this.#offer({ method: 'INVITE', body, headers });
    try {
      const response = await this.#sendInvite(request);
      return response;
    } finally {
      this.#core.offering = false;
    }
  }

  /** Resolves with the final answer, whichever it is; rejects as `invite` does. */
  async request(method: 'UPDATE' | 'INFO' | 'OPTIONS', body?: SipBody): Promise<SipResponse> {
    if (method !== 'UPDATE') {
      this.#requireOpen();
      return this.#send(this.#core.createRequest({ method, body }));
    }
    const request = this.#offer({ method, body });
    try {
      const response = await this.#send(request);
      if (isSuccess(response)) this.#core.refreshTarget(response);
      return response;
    } finally {
      this.#core.offering = false;
    }
  }

  /** Ends the dialog, if need be without an answer (RFC 3261 section 15.1.1); never rejects. */
  bye(): Promise<void> {
    if (this.#core.phase === 'ended') return Promise.resolve();
    this.#bye ??= this.#sendBye();
    return this.#bye;
  }

  /** Forgets the dialog without telling the peer, as when the user agent closes. */
  abandon(): void {
    this.#core.end();
  }

  receive(incoming: IncomingRequest): void {
    this.#server.receive(incoming);
  }

  /** Tells the dialog's owner before anything that waits for the ACK continues. */
  receiveAck(request: SipRequest): void {
    const { acks, handler, phase } = this.#core;
    if (phase === 'open') guard(() => handler.onAck?.(request));
    acks.acknowledge(sequenceOf(request));
  }

  /** Resolves once every 2xx of ours has its ACK, or no longer awaits one. */
  acknowledged(): Promise<void> {
    return this.#core.acks.settled();
  }

  /** Answers an INVITE with 2xx and waits for its ACK. */
  accept(incoming: IncomingRequest, reply: SipReply): void {
    const { proven } = this.#core.stack;
    incoming.answer(reply);
    this.#core.acks.start({
      sequence: sequenceOf(incoming.request),
      maxResends: proven.resendsTo(incoming.peer),
      resend: () => incoming.transaction.resend(),
      onTimeout: () => {
        this.#isUnproven = !proven.has(incoming.peer);
        void this.bye();
        guard(() => this.#core.handler.onAckTimeout());
      },
    });
  }

  /** Acknowledges the 2xx to the INVITE that made this dialog. */
  acknowledge(sequence: number): () => void {
    return this.#core.acknowledge(sequence);
  }

  #requireOpen(): void {
    if (this.#core.phase !== 'open') throw new SipRejectedError(481, 'Dialog Has Ended');
  }

  #offer(fields: Parameters<DialogCore['createRequest']>[0]): SipRequest {
    this.#requireOpen();
    const { offering, acks } = this.#core;
    const isUnfinished = fields.method === 'INVITE' && acks.isWaiting;
    if (offering || this.#server.answering || isUnfinished) {
      throw new SipRejectedError(491, 'Request Pending');
    }
    this.#core.offering = true;
    return this.#core.createRequest(fields);
  }

  /** Limits retransmissions: a Contact may name a bystander, who never requested anything. */
  #send(request: SipRequest, maxResends = Number.POSITIVE_INFINITY): Promise<SipResponse> {
    const { stack, state } = this.#core;
    const destination = this.#core.destination();
    const isElsewhere = destination.peer.address !== state.peer.address;
    const most = isElsewhere ? stack.proven.resendsTo(destination.peer) : maxResends;
    return stack.transactions.request(request, destination, Math.min(maxResends, most));
  }

  #sendInvite(request: SipRequest): Promise<SipResponse> {
    let again: (() => void) | undefined;
    return new Promise((resolve, reject) => {
      const onAnswer = (response: SipResponse) => {
        if (again !== undefined) return again();
        if (isSuccess(response)) {
          this.#core.refreshTarget(response);
          again = this.#core.acknowledge(sequenceOf(request));
        }
        resolve(response);
      };
      const user = { onAnswer, onFailure: reject };
      this.#core.stack.transactions.invite(request, this.#core.destination(), user);
    });
  }

  async #sendBye(): Promise<void> {
    this.#core.phase = 'ending';
    await this.#core.acks.settled();
    // The peer's own BYE, or close(), may have ended it meanwhile.
    if (this.#ended) return;
    try {
      const bye = this.#core.createRequest({ method: 'BYE' });
      await this.#send(bye, this.#isUnproven ? 0 : undefined);
    } catch {
      // No answer, or closed: the dialog is over all the same.
    }
    this.#core.end();
  }

  get #ended(): boolean {
    return this.#core.phase === 'ended';
  }
}

function isSuccess(response: SipResponse): boolean {
  return response.statusCode >= 200 && response.statusCode < 300;
}
