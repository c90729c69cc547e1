import type { Identity } from '../message/identity.ts';
import { createResponse, withDefaults } from '../message/responses.ts';
import { serializeResponse } from '../message/serializer.ts';
import { newTag } from '../message/tokens.ts';
import type { SipHeader, SipPeer, SipReply, SipRequest, SipResponse } from '../message/types.ts';
import type { ServerTransaction } from './transaction.ts';

export interface IncomingOptions {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  readonly identity: Identity;
  /** Creates the transaction with the builder of its 100 Trying. */
  transaction(trying: () => Buffer): ServerTransaction;
}

/** An incoming request, with its server transaction and the To tag that all its answers share. */
export class IncomingRequest {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  readonly toTag = newTag();
  readonly transaction: ServerTransaction;
  /** True while it is being carried out: a CANCEL is then too late. */
  begun = false;
  readonly #identity: Identity;

  constructor(options: IncomingOptions) {
    this.request = options.request;
    this.peer = options.peer;
    this.#identity = options.identity;
    this.transaction = options.transaction(() =>
      serializeResponse(createResponse(options.request, { statusCode: 100 }, this.toTag)),
    );
  }

  get answered(): boolean {
    return this.transaction.answered;
  }

  /**
   * Sends an answer with the stack's own headers; does nothing after the final one.
   * @param toTag that of another request, which this one is about (CANCEL)
   */
  answer(reply: SipReply, toTag = this.toTag): SipResponse {
    const headers = withDefaults(reply.headers ?? [], this.#additions(reply.statusCode));
    const response = createResponse(this.request, { ...reply, headers }, toTag);
    this.transaction.respond(response.statusCode, serializeResponse(response));
    return response;
  }

  /**
   * Adds Allow and Supported, listing what the peer may send (RFC 3261 sections 13.3.1.4, 11.2).
   */
  #additions(statusCode: number): readonly SipHeader[] {
    const { method } = this.request;
    const product = this.#identity.product('Server');
    if (statusCode < 200 || statusCode >= 300) return [product];
    if (method === 'BYE' || method === 'CANCEL' || method === 'INFO') return [product];
    const accept = method === 'OPTIONS' ? [this.#identity.accept()] : [];
    const isSecure = /^sips:/i.test(this.request.requestUri);
    const contact = this.#identity.contact(this.peer.transport, isSecure);
    return [contact, ...this.#identity.capabilities(), ...accept, product];
  }
}
