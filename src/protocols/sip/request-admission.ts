import { incomingDialogId } from './dialog-state.ts';
import type { DigestAuthenticator } from './digest-authenticator.ts';
import { tagOf } from './headers.ts';
import type { SipStack } from './stack.ts';
import type { SipDropReason, SipPeer, SipReply, SipRequest } from './types.ts';

const OVERLOAD_RETRY_SECONDS = 5;
/** Part of `maxTransactions` that only CANCEL and requests inside a dialog may use. */
const IN_DIALOG_SHARE = 0.1;

export interface AdmissionOptions {
  readonly stack: SipStack;
  readonly maxTransactions: number;
  /** 0, or the seconds after which this address may call again. */
  readonly inviteDelaySeconds?: ((address: string) => number) | undefined;
  /** Left out: whoever reaches us may call. */
  readonly authenticator?: DigestAuthenticator | undefined;
}

/** An answer that is given without a transaction. */
export interface Refusal {
  readonly reply: SipReply;
  readonly dropped?: SipDropReason | undefined;
}

/** Whether a request that no transaction knows is taken up at all; ACK is not asked about. */
export class RequestAdmission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Undefined when it may come in. */
  refusal(request: SipRequest, peer: SipPeer): Refusal | undefined {
    const { transactions, dialogs } = this.#options.stack;
    const dialog = dialogs.get(incomingDialogId(request));
    const isCancel = request.method === 'CANCEL';
    if (transactions.size >= this.#bound(dialog !== undefined || isCancel)) {
      return unavailable('overload', OVERLOAD_RETRY_SECONDS);
    }
    // It belongs to an INVITE that was let in (RFC 3261 section 22.1).
    if (isCancel) return undefined;
    const challenge = this.#challenge(request, peer, dialog?.peer);
    if (challenge || dialog !== undefined || request.method !== 'INVITE') return challenge;
    // Only who may call counts: strangers do not use up what clients may.
    const delaySeconds = this.#options.inviteDelaySeconds?.(peer.address) ?? 0;
    return delaySeconds > 0 ? unavailable('rateLimited', Math.ceil(delaySeconds)) : undefined;
  }

  /** New calls leave room, so that a flood of them cannot keep a pause or a BYE out. */
  #bound(isReserved: boolean): number {
    const { maxTransactions } = this.#options;
    return maxTransactions - Math.floor(isReserved ? 0 : maxTransactions * IN_DIALOG_SHARE);
  }

  /** Whoever began a dialog goes on with it unasked, from the address it began it at. */
  #challenge(
    request: SipRequest,
    peer: SipPeer,
    dialogPeer: SipPeer | undefined,
  ): Refusal | undefined {
    const { authenticator } = this.#options;
    if (authenticator === undefined || dialogPeer?.address === peer.address) return undefined;
    // To be answered 481, or a look whether we live: there is nothing to protect.
    if (dialogPeer === undefined && tagOf(request, 'To') !== '') return undefined;
    if (dialogPeer === undefined && request.method === 'OPTIONS') return undefined;
    const verdict = authenticator.authenticate(request, peer.address);
    if (verdict.ok) return undefined;
    const dropped = verdict.wrong ? 'unauthorized' : undefined;
    return { reply: { statusCode: 401, headers: verdict.challenges }, dropped };
  }
}

function unavailable(dropped: SipDropReason, retryAfterSeconds: number): Refusal {
  const headers = [{ name: 'Retry-After', value: String(retryAfterSeconds) }];
  return { reply: { statusCode: 503, headers }, dropped };
}
