import { RateLimiter } from '../domain/rate-limiter.ts';

/** Twice as many at once. */
export interface InviteRates {
  readonly invitesPerSecond: number;
  readonly invitesPerSecondPerAddress: number;
}

const BURST_SECONDS = 2;
const MAX_ADDRESSES = 10_000;
const EVERYBODY = '';

/** How many calls may begin: of one client, and of all of them. */
export class InviteLimits {
  readonly #perAddress: RateLimiter;
  readonly #all: RateLimiter;

  constructor({ invitesPerSecond, invitesPerSecondPerAddress }: InviteRates) {
    this.#perAddress = limiter(invitesPerSecondPerAddress, MAX_ADDRESSES);
    this.#all = limiter(invitesPerSecond, 1);
  }

  /** 0, or the seconds after which it may be tried again. One client's excess costs no other. */
  delaySeconds(address: string): number {
    return this.#perAddress.take(address) || this.#all.take(EVERYBODY);
  }
}

function limiter(perSecond: number, maxKeys: number): RateLimiter {
  const burst = BURST_SECONDS * perSecond;
  return new RateLimiter({ perSecond, burst, maxKeys, now: () => performance.now() });
}
