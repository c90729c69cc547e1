import type { Clock } from '../domain/ports/clock.ts';
import { FailedAttempts } from './failed-attempts.ts';

export interface SignInLimitSettings {
  /** Failures of one name from one address, and of one user by one authenticated client. */
  readonly maxFailuresPerUser: number;
  /** Failures of one client's secret from one address. */
  readonly maxFailuresPerClient: number;
  readonly maxFailuresPerAddress: number;
  readonly failureWindowMs: number;
}

/** The key by which failures are counted. */
export interface GuessKey {
  readonly of: 'user' | 'client' | 'address';
  readonly key: string;
}

/** Reports that somebody guesses: the allowed failures are used up. */
export interface Guessing {
  readonly of: GuessKey['of'];
  readonly address: string;
  readonly failures: number;
}

const MAX_LIMITED_KEYS = 10_000;

/** Limits failed sign-ins, before and after verification. */
export class SignInLimits {
  readonly #settings: SignInLimitSettings;
  readonly #counts: Readonly<Record<GuessKey['of'], FailedAttempts>>;
  readonly #onGuessing: (guessing: Guessing) => void;

  constructor(
    settings: SignInLimitSettings,
    clock: Clock,
    onGuessing: (guessing: Guessing) => void,
  ) {
    this.#settings = settings;
    this.#onGuessing = onGuessing;
    const { failureWindowMs: windowMs } = settings;
    const count = (of: GuessKey['of']): FailedAttempts =>
      new FailedAttempts({
        most: this.#most(of),
        windowMs,
        maxKeys: MAX_LIMITED_KEYS,
        now: () => clock.now(),
      });
    this.#counts = { user: count('user'), client: count('client'), address: count('address') };
  }

  /** Resolves with 0 when it is the attempt's turn by every key; else with the seconds to wait. */
  async begin(keys: readonly GuessKey[]): Promise<number> {
    const begun: GuessKey[] = [];
    for (const { of, key } of keys) {
      const seconds = await this.#counts[of].begin(key);
      if (seconds > 0) {
        for (const other of begun) this.#counts[other.of].end(other.key, false);
        return seconds;
      }
      begun.push({ of, key });
    }
    return 0;
  }

  end(keys: readonly GuessKey[], address: string, hasFailed: boolean): void {
    for (const { of, key } of keys) {
      if (this.#counts[of].end(key, hasFailed)) this.#tell(of, address);
    }
  }

  /** Counts a failure that was verified anyway. Returns 0, or the seconds to wait. */
  failed(keys: readonly GuessKey[], address: string): number {
    const waits = keys.map(({ of, key }) => this.#counts[of].retryAfterSeconds(key));
    const longest = Math.max(...waits);
    if (longest > 0) return longest;
    for (const { of, key } of keys) {
      if (this.#counts[of].fail(key)) this.#tell(of, address);
    }
    return 0;
  }

  #tell(of: GuessKey['of'], address: string): void {
    this.#onGuessing({ of, address, failures: this.#most(of) });
  }

  #most(of: GuessKey['of']): number {
    const { maxFailuresPerUser, maxFailuresPerClient, maxFailuresPerAddress } = this.#settings;
    return {
      user: maxFailuresPerUser,
      client: maxFailuresPerClient,
      address: maxFailuresPerAddress,
    }[of];
  }
}
