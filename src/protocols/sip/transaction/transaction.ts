import { header, parseCommandSequence, tagOf } from '../message/headers.ts';
import type { SipRequest, SipResponse } from '../message/types.ts';
import { BRANCH_COOKIE, topVia } from '../message/via.ts';
import type { SipTimers } from './timers.ts';

/** A transaction's link to the network. */
export interface TransactionLink {
  readonly timers: SipTimers;
  /** TCP: nothing is retransmitted and nothing lingers for retransmissions. */
  readonly reliable: boolean;
  /** Most retransmissions of an unanswered message. */
  readonly maxResends: number;
  /** Resolves with false when the message surely did not leave; never rejects. */
  send(data: Buffer): Promise<boolean>;
  onTerminated(): void;
}

export interface ServerTransaction {
  readonly answered: boolean;
  /** True if the transaction handles an ACK itself: its final answer was no 2xx. */
  readonly absorbsAck: boolean;
  /** Sends a response; does nothing after the final one. */
  respond(statusCode: number, data: Buffer): void;
  /** Handles a retransmission of the request, or its ACK. */
  receive(method: string): void;
  /** Sends the last response once more. */
  resend(): void;
  terminate(): void;
}

export interface ClientTransaction {
  start(): void;
  receive(response: SipResponse): void;
  /** Ends it and tells the owner why. */
  fail(error: Error): void;
}

/** Receives the answers of a client transaction. */
export interface ClientUser {
  /** Called with the final answer; for an INVITE also every repeated 2xx (RFC 6026 section 7.2). */
  onAnswer(response: SipResponse): void;
  onFailure(error: Error): void;
}

/**
 * RFC 3261 section 17.2.3: branch, sent-by and method; ACK and CANCEL find their INVITE by its
 * method. For RFC 2543 branches, the fields that identified a transaction there are used.
 */
export function serverKey(request: SipRequest, method = request.method): string {
  const via = topVia(request);
  const kind = method === 'ACK' ? 'INVITE' : method;
  const sentBy = `${via?.host}:${via?.port ?? ''}`;
  const branch = via?.params.get('branch') ?? '';
  if (branch.length > BRANCH_COOKIE.length && branch.startsWith(BRANCH_COOKIE)) {
    return `${branch}|${sentBy}|${kind}`;
  }
  return `${sameRequestKey(request)}|${sentBy}|${branch}|${kind}`;
}

/** Returns an equal key for copies of one request on different routes (section 8.2.2.2). */
export function sameRequestKey(request: SipRequest): string {
  const sequence = parseCommandSequence(header(request, 'CSeq'))?.sequence;
  return `${header(request, 'Call-ID')}|${sequence}|${tagOf(request, 'From')}`;
}

/** RFC 3261 section 17.1.3: the branch that we made, and the method in CSeq. */
export function clientKey(message: SipRequest | SipResponse): string {
  const branch = topVia(message)?.params.get('branch');
  return `${branch}|${parseCommandSequence(header(message, 'CSeq'))?.method}`;
}

/** Returns 503, which a failed transport counts as (RFC 3261 section 8.1.3.1). */
export function transportFailure(): SipResponse {
  return { statusCode: 503, reason: 'Transport Failed', headers: [], body: Buffer.alloc(0) };
}
