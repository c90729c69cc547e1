import { incomingDialogId } from '../dialog/dialog-state.ts';
import type { SipStack } from '../dialog/stack.ts';
import { tagOf } from '../message/headers.ts';
import type { InviteLoad, SipDropReason, SipPeer, SipReply, SipRequest } from '../message/types.ts';
import type { DigestAuthenticator } from './digest-authenticator.ts';

const OVERLOAD_RETRY_SECONDS = 5;
/** Part of `maxTransactions` that only CANCEL and requests inside a dialog may use. */
const IN_DIALOG_SHARE = 0.1;

export interface AdmissionOptions {
  readonly stack: SipStack;
  readonly maxTransactions: number;
  /** Returns 0, or the seconds to wait before retrying. */
  readonly inviteDelaySeconds?: ((load: InviteLoad) => number) | undefined;
  /** Omitted: every client that reaches us may call. */
  readonly authenticator?: DigestAuthenticator | undefined;
}

/** An answer given without a transaction. */
export interface Refusal {
  readonly reply: SipReply;
  readonly dropped?: SipDropReason | undefined;
}

/** Decides whether a request without a transaction is accepted; ACK is not checked. */
export class RequestAdmission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Returns undefined when it is accepted. */
  refusal(request: SipRequest, peer: SipPeer): Refusal | undefined {
    const { transactions, dialogs } = this.#options.stack;
    const dialog = dialogs.get(incomingDialogId(request));
    const isCancel = request.method === 'CANCEL';
    if (transactions.size >= this.#bound(dialog !== undefined || isCancel)) {
      return unavailable('overload', OVERLOAD_RETRY_SECONDS);
    }
    // It belongs to an accepted INVITE (RFC 3261 section 22.1).
    if (isCancel) return undefined;
    const challenge = this.#challenge(request, peer, dialog?.peer);
    // Only authorised clients count: strangers do not use up their allowance.
    return challenge ?? this.#excess(request, peer, dialog !== undefined);
  }

  /** Refuses excess requests, which have not been read. */
  #excess(request: SipRequest, { address }: SipPeer, inDialog: boolean): Refusal | undefined {
    const { method, body } = request;
    const brings = method === 'INVITE' || (inDialog && method === 'UPDATE' && body.length > 0);
    if (!brings) return undefined;
    const load = { address, bytes: body.length, inDialog };
    const seconds = Math.ceil(this.#options.inviteDelaySeconds?.(load) ?? 0);
    if (seconds === 0) return undefined;
    return inDialog ? laterInDialog(seconds) : unavailable('rateLimited', seconds);
  }

  /** Reserves room beside new calls, so that a flood of them cannot keep a pause or a BYE out. */
  #bound(isReserved: boolean): number {
    const { maxTransactions } = this.#options;
    return maxTransactions - Math.floor(isReserved ? 0 : maxTransactions * IN_DIALOG_SHARE);
  }

  /** Challenges a client, unless it continues its own dialog from the address it began it at. */
  #challenge(
    request: SipRequest,
    peer: SipPeer,
    dialogPeer: SipPeer | undefined,
  ): Refusal | undefined {
    const { authenticator } = this.#options;
    if (authenticator === undefined || dialogPeer?.address === peer.address) return undefined;
    // It will be answered 481, or is a check that we live: there is nothing to protect.
    if (dialogPeer === undefined && tagOf(request, 'To') !== '') return undefined;
    if (dialogPeer === undefined && request.method === 'OPTIONS') return undefined;
    const verdict = authenticator.authenticate(request, peer.address);
    if (verdict.ok) {
      this.#options.stack.proven.note(peer);
      return undefined;
    }
    if (verdict.blocked) return { reply: { statusCode: 403 }, dropped: 'guessing' };
    const dropped = verdict.wrong ? 'unauthorized' : undefined;
    return { reply: { statusCode: 401, headers: verdict.challenges }, dropped };
  }
}

/** RFC 3261 section 14.2: the dialog continues unchanged. */
function laterInDialog(seconds: number): Refusal {
  const headers = [{ name: 'Retry-After', value: String(seconds) }];
  return { reply: { statusCode: 500, headers }, dropped: 'rateLimited' };
}

function unavailable(dropped: SipDropReason, retryAfterSeconds: number): Refusal {
  const headers = [{ name: 'Retry-After', value: String(retryAfterSeconds) }];
  return { reply: { statusCode: 503, headers }, dropped };
}
