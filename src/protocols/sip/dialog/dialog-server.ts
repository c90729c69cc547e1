import { guard } from '../message/guard.ts';
import { sequenceOf } from '../message/headers.ts';
import type { SipDialogHandler, SipDialogRequest, SipReply, SipRequest } from '../message/types.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import type { DialogCore } from './dialog-core.ts';

/** RFC 3261 section 14.2 requires a random number of seconds up to this. */
const MAX_RETRY_AFTER_SECONDS = 10;

type Accept = (incoming: IncomingRequest, reply: SipReply) => void;

/** Answers requests inside a dialog (RFC 3261 section 12.2.2). */
export class DialogServer {
  readonly #core: DialogCore;
  readonly #accept: Accept;
  /** The peer's INVITE or UPDATE that has no final answer yet. */
  #offer: IncomingRequest | undefined;

  constructor(core: DialogCore, accept: Accept) {
    this.#core = core;
    this.#accept = accept;
  }

  get answering(): boolean {
    return this.#offer !== undefined && !this.#offer.answered;
  }

  receive(incoming: IncomingRequest): void {
    const sequence = sequenceOf(incoming.request);
    const { method } = incoming.request;
    if (sequence < this.#core.state.remoteSequence) incoming.answer({ statusCode: 500 });
    else if (this.#core.phase !== 'open' && method !== 'BYE') incoming.answer({ statusCode: 481 });
    else {
      this.#core.noteRequest(sequence, incoming.peer);
      this.#dispatch(incoming);
    }
  }

  #dispatch(incoming: IncomingRequest): void {
    const { handler } = this.#core;
    const { method } = incoming.request;
    if (method === 'INVITE') this.#receiveOffer(incoming, handler.onReinvite);
    else if (method === 'UPDATE') this.#receiveOffer(incoming, handler.onUpdate);
    else if (method === 'INFO') this.#hand(incoming, handler.onInfo);
    else if (method === 'BYE') this.#receiveBye(incoming);
    else incoming.answer({ statusCode: 200 });
  }

  /**
   * Allows one offer at a time (RFC 3261 section 14.2, RFC 3311 section 5.2). An UPDATE without a
   * body makes none, and waits for no INVITE.
   */
  #receiveOffer(incoming: IncomingRequest, listener: SipDialogHandler['onUpdate']): void {
    const { method, body } = incoming.request;
    const makesOffer = method === 'INVITE' || body.length > 0;
    const before = this.answering ? this.#offer?.request.method : undefined;
    if (before === 'UPDATE' || (before !== undefined && makesOffer)) {
      const seconds = Math.floor(Math.random() * (MAX_RETRY_AFTER_SECONDS + 1));
      const headers = [{ name: 'Retry-After', value: String(seconds) }];
      incoming.answer({ statusCode: 500, headers });
    } else if (makesOffer && this.#core.offering) incoming.answer({ statusCode: 491 });
    else {
      if (before === undefined) this.#offer = incoming;
      this.#hand(incoming, listener);
    }
  }

  #hand(incoming: IncomingRequest, listener: (request: SipDialogRequest) => void): void {
    const reply = (answer: SipReply) => this.#reply(incoming, answer);
    guard(
      () => listener.call(this.#core.handler, new DialogRequest(incoming, reply)),
      () => this.#reply(incoming, { statusCode: 500 }),
    );
  }

  #reply(incoming: IncomingRequest, reply: SipReply): void {
    if (incoming.answered) return;
    const { method } = incoming.request;
    const success = reply.statusCode >= 200 && reply.statusCode < 300;
    if (success && method !== 'INFO') this.#core.refreshTarget(incoming.request);
    if (success && method === 'INVITE') this.#accept(incoming, reply);
    else incoming.answer(reply);
  }

  /** Answers an open offer with 487 (RFC 3261 section 15.1.2). */
  #receiveBye(incoming: IncomingRequest): void {
    const heard = this.#core.phase === 'open';
    incoming.answer({ statusCode: 200 });
    this.#offer?.answer({ statusCode: 487 });
    this.#core.end();
    if (heard) guard(() => this.#core.handler.onBye());
  }
}

/** A request as the dialog's owner gets it. */
class DialogRequest implements SipDialogRequest {
  readonly reply: (reply: SipReply) => void;
  readonly #incoming: IncomingRequest;

  constructor(incoming: IncomingRequest, reply: (reply: SipReply) => void) {
    this.#incoming = incoming;
    this.reply = reply;
  }

  get request(): SipRequest {
    return this.#incoming.request;
  }

  begin(): boolean {
    if (this.#incoming.answered) return false;
    this.#incoming.begun = true;
    return true;
  }
}
