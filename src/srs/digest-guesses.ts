import { addressKey } from '../domain/common/networks.ts';
import type { DigestGuard } from '../protocols/sip/message/types.ts';

export interface GuessLimits {
  /** Wrong answers within the window; further ones are not checked. */
  readonly maxFailuresPerAddress: number;
  readonly maxFailuresPerUser: number;
  readonly failureWindowMs: number;
}

export interface GuessPorts {
  /** Called once for each address and user in a window. */
  onGuessing(who: string): void;
  /** Monotonic ms */
  readonly nowMs?: () => number;
}

interface Failures {
  count: number;
  endsAtMs: number;
}

const MAX_ADDRESSES = 10_000;
const MAX_PROVED = 10_000;
/** The shared name of all unknown users: nothing can be guessed about them. */
const NOBODY = '';

/**
 * Limits on wrong digest answers. A client whose address has answered correctly for its user is not
 * locked out by others' guesses for that user: only its own wrong answers count.
 */
export class DigestGuesses implements DigestGuard {
  readonly #limits: GuessLimits;
  readonly #ports: GuessPorts;
  readonly #ofAddress = new Map<string, Failures>();
  /** Bounded by the number of users. */
  readonly #ofUser = new Map<string, Failures>();
  readonly #proved = new Set<string>();

  constructor(limits: GuessLimits, ports: GuessPorts) {
    this.#limits = limits;
    this.#ports = ports;
  }

  /** Number of remembered failures. */
  get size(): number {
    return this.#ofAddress.size + this.#ofUser.size;
  }

  mayTry(address: string, user: string): boolean {
    const { maxFailuresPerAddress, maxFailuresPerUser } = this.#limits;
    const key = addressKey(address);
    if (this.#countOf(this.#ofAddress, key) >= maxFailuresPerAddress) return false;
    const isGuessed = this.#countOf(this.#ofUser, user) >= maxFailuresPerUser;
    return user === NOBODY || !isGuessed || this.#proved.has(proofOf(key, user));
  }

  failed(address: string, user: string): void {
    const { maxFailuresPerAddress, maxFailuresPerUser } = this.#limits;
    const key = addressKey(address);
    if (this.#add(this.#ofAddress, key) === maxFailuresPerAddress) this.#ports.onGuessing(key);
    if (user === NOBODY) return;
    if (this.#add(this.#ofUser, user) === maxFailuresPerUser) this.#ports.onGuessing(user);
  }

  proved(address: string, user: string): void {
    const [oldest] = this.#proved;
    if (this.#proved.size >= MAX_PROVED && oldest !== undefined) this.#proved.delete(oldest);
    this.#proved.add(proofOf(addressKey(address), user));
  }

  #countOf(failures: Map<string, Failures>, key: string): number {
    const known = failures.get(key);
    if (!known) return 0;
    if (known.endsAtMs > this.#now()) return known.count;
    failures.delete(key);
    return 0;
  }

  #add(failures: Map<string, Failures>, key: string): number {
    const count = this.#countOf(failures, key) + 1;
    const known = failures.get(key);
    if (known) known.count = count;
    else {
      const [oldest] = failures.keys();
      if (failures.size >= MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
      failures.set(key, { count, endsAtMs: this.#now() + this.#limits.failureWindowMs });
    }
    return count;
  }

  #now(): number {
    return this.#ports.nowMs?.() ?? performance.now();
  }
}

/** Names of users hold no line ends. */
function proofOf(key: string, user: string): string {
  return `${key}\n${user}`;
}
