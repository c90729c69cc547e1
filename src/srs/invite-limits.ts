import { addressKey } from '../domain/common/networks.ts';
import { RateLimiter } from '../domain/common/rate-limiter.ts';
import type { InviteLoad } from '../protocols/sip/message/types.ts';

/** Rates; bursts may be twice as large. */
export interface InviteRates {
  readonly invitesPerSecond: number;
  readonly invitesPerSecondPerAddress: number;
}

const BURST_SECONDS = 2;
const MAX_ADDRESSES = 10_000;
const EVERYBODY = '';
/** An INVITE's usual size; each further KiB counts once more, for its reading time. */
const USUAL_KIB = 4;
const KIB = 1_024;

/**
 * Limits on INVITEs, and on later requests in dialogs, per client and in all. New calls and dialogs
 * are counted apart, so that a flood of one does not block the other.
 */
export class InviteLimits {
  readonly #newCalls: Pair;
  readonly #inDialogs: Pair;

  constructor(rates: InviteRates) {
    this.#newCalls = new Pair(rates);
    this.#inDialogs = new Pair(rates);
  }

  /** Returns 0, or the seconds to wait before retrying. One client's excess costs no other. */
  delaySeconds({ address, bytes, inDialog }: InviteLoad): number {
    const pair = inDialog ? this.#inDialogs : this.#newCalls;
    const cost = 1 + Math.max(0, Math.ceil(bytes / KIB) - USUAL_KIB);
    return pair.delaySeconds(addressKey(address), cost);
  }
}

class Pair {
  readonly #perAddress: RateLimiter;
  readonly #all: RateLimiter;

  constructor({ invitesPerSecond, invitesPerSecondPerAddress }: InviteRates) {
    this.#perAddress = limiter(invitesPerSecondPerAddress, MAX_ADDRESSES);
    this.#all = limiter(invitesPerSecond, 1);
  }

  delaySeconds(key: string, cost: number): number {
    return this.#perAddress.take(key, cost) || this.#all.take(EVERYBODY, cost);
  }
}

function limiter(perSecond: number, maxKeys: number): RateLimiter {
  const burst = BURST_SECONDS * perSecond;
  return new RateLimiter({ perSecond, burst, maxKeys, now: () => performance.now() });
}
