import { contactOf, incomingDialogId } from '../dialog/dialog-state.ts';
import { PendingInvite } from '../dialog/incoming-invite.ts';
import type { SipStack } from '../dialog/stack.ts';
import type { Destination } from '../message/destination.ts';
import { guard } from '../message/guard.ts';
import { headerValues, tagOf } from '../message/headers.ts';
import { ALLOW, ALLOWED_METHODS } from '../message/identity.ts';
import { createResponse } from '../message/responses.ts';
import { serializeResponse } from '../message/serializer.ts';
import { newTag } from '../message/tokens.ts';
import type {
  IncomingInvite,
  SipDropReason,
  SipPeer,
  SipReply,
  SipRequest,
} from '../message/types.ts';
import { answerDestination, stampVia } from '../message/via.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import type { Refusal, RequestAdmission } from './request-admission.ts';

export interface DispatcherOptions {
  readonly stack: SipStack;
  readonly admission: RequestAdmission;
  onInvite(invite: IncomingInvite): unknown;
  onDropped(reason: SipDropReason, peer: SipPeer): void;
  send(data: Buffer, destination: Destination): void;
}

/** Handles requests that were received in whole (RFC 3261 section 8.2). */
export class RequestDispatcher {
  readonly #options: DispatcherOptions;
  readonly #pending = new WeakMap<IncomingRequest, PendingInvite>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  receive(received: SipRequest, peer: SipPeer): void {
    const request = stampVia(received, peer);
    const { admission, stack } = this.#options;
    const { transactions } = stack;
    const known = transactions.find(request);
    if (request.method === 'ACK') this.#receiveAck(request, peer, known);
    else if (known !== undefined) known.transaction.receive(request.method);
    else {
      const refusal = admission.refusal(request, peer);
      if (refusal === undefined) this.#dispatch(transactions.begin(request, peer));
      else this.#refuse(request, peer, refusal);
    }
  }

  /** Answers without a transaction, so that it costs no memory (RFC 3261 section 8.2.7). */
  answerStateless(received: SipRequest, peer: SipPeer, reply: SipReply): void {
    if (received.method === 'ACK') return;
    const request = stampVia(received, peer);
    const response = createResponse(request, reply, newTag());
    this.#options.send(serializeResponse(response), answerDestination(request, peer));
  }

  #refuse(request: SipRequest, peer: SipPeer, { reply, dropped }: Refusal): void {
    if (dropped !== undefined) this.#options.onDropped(dropped, peer);
    this.answerStateless(request, peer, reply);
  }

  /** Passes an ACK to a failed INVITE's transaction or to a dialog; it is never answered. */
  #receiveAck(request: SipRequest, peer: SipPeer, known: IncomingRequest | undefined): void {
    if (known?.transaction.absorbsAck) {
      known.transaction.receive('ACK');
      return;
    }
    const dialog = this.#options.stack.dialogs.get(incomingDialogId(request));
    if (dialog) this.#options.stack.proven.note(peer);
    dialog?.receiveAck(request);
  }

  #dispatch(incoming: IncomingRequest): void {
    const { request } = incoming;
    if (request.method === 'CANCEL') {
      this.#receiveCancel(incoming);
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal?.statusCode === 405) this.#options.onDropped('notAllowed', incoming.peer);
    if (refusal !== undefined) incoming.answer(refusal);
    else if (tagOf(request, 'To') !== '') this.#receiveInDialog(incoming);
    else this.#receiveOutside(incoming);
  }

  /** Runs the checks of RFC 3261 section 8.2 in order; returns undefined when all pass. */
  #refusal(request: SipRequest): SipReply | undefined {
    const { identity, transactions } = this.#options.stack;
    if (!ALLOWED_METHODS.includes(request.method)) return { statusCode: 405, headers: [ALLOW] };
    if (!/^sips?:/i.test(request.requestUri)) return { statusCode: 416 };
    if (tagOf(request, 'To') === '' && transactions.isMerged(request)) return { statusCode: 482 };
    const unsupported = identity.unsupported(headerValues(request, 'Require'));
    if (unsupported.length === 0) return undefined;
    const headers = [{ name: 'Unsupported', value: unsupported.join(', ') }];
    return { statusCode: 420, headers };
  }

  #receiveInDialog(incoming: IncomingRequest): void {
    const dialog = this.#options.stack.dialogs.get(incomingDialogId(incoming.request));
    if (dialog === undefined) {
      incoming.answer({ statusCode: 481 });
      return;
    }
    // It knows the tag that was sent there.
    this.#options.stack.proven.note(incoming.peer);
    dialog.receive(incoming);
  }

  #receiveOutside(incoming: IncomingRequest): void {
    const { method } = incoming.request;
    if (method === 'OPTIONS') incoming.answer({ statusCode: 200 });
    else if (method !== 'INVITE') incoming.answer({ statusCode: 481 });
    else if (contactOf(incoming.request) === undefined) {
      incoming.answer({ statusCode: 400, reason: 'Missing Contact' });
    } else this.#offer(incoming);
  }

  #offer(incoming: IncomingRequest): void {
    const pending = new PendingInvite(this.#options.stack, incoming);
    this.#pending.set(incoming, pending);
    guard(
      () => this.#options.onInvite(pending),
      () => incoming.answer({ statusCode: 500 }),
    );
  }

  /**
   * RFC 3261 section 9.2: answers 200 to the CANCEL, with the To tag of the INVITE's own answer,
   * and 487 to an INVITE without a final answer. Inside a dialog, a request already being carried
   * out gets its real result: no 487 may deny a hold that is in force.
   */
  #receiveCancel(incoming: IncomingRequest): void {
    const invite = this.#options.stack.transactions.find(incoming.request, 'INVITE');
    if (invite === undefined) {
      incoming.answer({ statusCode: 481 });
      return;
    }
    incoming.answer({ statusCode: 200 }, invite.toTag);
    const pending = this.#pending.get(invite);
    if (pending !== undefined) pending.cancel();
    else if (!invite.begun) invite.answer({ statusCode: 487 });
  }
}
