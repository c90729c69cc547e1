import { type Destination, isStream } from '../message/destination.ts';
import { SipClosedError } from '../message/errors.ts';
import { tagOf } from '../message/headers.ts';
import type { Identity } from '../message/identity.ts';
import { serializeRequest } from '../message/serializer.ts';
import { newBranch } from '../message/tokens.ts';
import type { SipPeer, SipRequest, SipResponse } from '../message/types.ts';
import { answerDestination } from '../message/via.ts';
import type { ProvenSources } from '../transport/proven-sources.ts';
import { IncomingRequest } from './incoming-request.ts';
import { InviteClientTransaction } from './invite-client-transaction.ts';
import { InviteServerTransaction } from './invite-server-transaction.ts';
import { PlainClientTransaction } from './plain-client-transaction.ts';
import { PlainServerTransaction } from './plain-server-transaction.ts';
import type { SipTimers } from './timers.ts';
import {
  type ClientTransaction,
  type ClientUser,
  clientKey,
  sameRequestKey,
  serverKey,
  type TransactionLink,
} from './transaction.ts';

export interface TransactionLayerOptions {
  readonly timers: SipTimers;
  readonly identity: Identity;
  readonly proven: ProvenSources;
  /** Resolves with false when the message surely did not leave; never rejects. */
  send(data: Buffer, destination: Destination): Promise<boolean>;
}

/** All transactions of a user agent, found by their keys (RFC 3261 section 17). */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #servers = new Map<string, IncomingRequest>();
  readonly #clients = new Map<string, ClientTransaction>();
  /** The transaction that holds a request outside a dialog, used to detect merged requests. */
  readonly #originals = new Map<string, string>();
  #closed = false;

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** Returns the transaction of a retransmission, an ACK or, with `method` INVITE, a CANCEL. */
  find(request: SipRequest, method = request.method): IncomingRequest | undefined {
    return this.#servers.get(serverKey(request, method));
  }

  /** Returns true if another transaction holds the same request (RFC 3261 section 8.2.2.2). */
  isMerged(request: SipRequest): boolean {
    const holder = this.#originals.get(originalKey(request));
    return holder !== undefined && holder !== serverKey(request);
  }

  begin(request: SipRequest, peer: SipPeer): IncomingRequest {
    const key = serverKey(request);
    const original = originalKey(request);
    const onTerminated = (): void => {
      this.#servers.delete(key);
      if (this.#originals.get(original) === key) this.#originals.delete(original);
    };
    const destination = answerDestination(request, peer);
    const maxResends = this.#options.proven.resendsTo(peer);
    const link = { ...this.#link(destination, onTerminated), maxResends };
    const incoming = new IncomingRequest({
      request,
      peer,
      identity: this.#options.identity,
      transaction: (trying) =>
        request.method === 'INVITE'
          ? new InviteServerTransaction(link, trying)
          : new PlainServerTransaction(link),
    });
    this.#servers.set(key, incoming);
    if (tagOf(request, 'To') === '' && !this.#originals.has(original)) {
      this.#originals.set(original, key);
    }
    return incoming;
  }

  /** Returns false when no transaction waits for it. */
  receiveResponse(response: SipResponse): boolean {
    const transaction = this.#clients.get(clientKey(response));
    transaction?.receive(response);
    return transaction !== undefined;
  }

  /**
   * Resolves with the final answer; rejects with SipTimeoutError or SipClosedError.
   * @param maxResends for a request to a peer that may not expect it
   */
  request(
    request: SipRequest,
    destination: Destination,
    maxResends = Number.POSITIVE_INFINITY,
  ): Promise<SipResponse> {
    return new Promise((resolve, reject) => {
      const user = { onAnswer: resolve, onFailure: reject };
      const branded = this.#branded(request, destination);
      const onTerminated = (): void => void this.#clients.delete(clientKey(branded));
      const link = { ...this.#link(destination, onTerminated), maxResends };
      this.#start(branded, new PlainClientTransaction({ request: branded, link, user }));
    });
  }

  /** Sends an INVITE: `user` gets every 2xx, in the turn in which it came. */
  invite(request: SipRequest, destination: Destination, user: ClientUser): void {
    const branded = this.#branded(request, destination);
    const link = this.#link(destination, () => this.#clients.delete(clientKey(branded)));
    const ignore = { onAnswer: () => undefined, onFailure: () => undefined };
    const cancel = (message: SipRequest) => this.#startPlain(message, destination, ignore);
    this.#start(branded, new InviteClientTransaction({ request: branded, link, user, cancel }));
  }

  /** Sends an ACK to a 2xx, which has no transaction; returns a function that sends it again. */
  acknowledge(request: SipRequest, destination: Destination): () => void {
    const data = serializeRequest(this.#branded(request, destination));
    const send = () => void this.#options.send(data, destination);
    send();
    return send;
  }

  close(): void {
    this.#closed = true;
    for (const incoming of [...this.#servers.values()]) incoming.transaction.terminate();
    for (const transaction of [...this.#clients.values()]) transaction.fail(new SipClosedError());
  }

  #startPlain(request: SipRequest, destination: Destination, user: ClientUser): void {
    const link = this.#link(destination, () => this.#clients.delete(clientKey(request)));
    this.#start(request, new PlainClientTransaction({ request, link, user }));
  }

  #start(request: SipRequest, transaction: ClientTransaction): void {
    if (this.#closed) {
      transaction.fail(new SipClosedError());
      return;
    }
    this.#clients.set(clientKey(request), transaction);
    transaction.start();
  }

  #branded(request: SipRequest, { peer }: Destination): SipRequest {
    const via = this.#options.identity.via(peer.transport, newBranch());
    return { ...request, headers: [via, ...request.headers] };
  }

  #link(destination: Destination, onTerminated: () => void): TransactionLink {
    return {
      timers: this.#options.timers,
      reliable: isStream(destination.peer.transport),
      maxResends: Number.POSITIVE_INFINITY,
      send: (data) => this.#options.send(data, destination),
      onTerminated,
    };
  }
}

function originalKey(request: SipRequest): string {
  return `${sameRequestKey(request)}|${request.method}`;
}
