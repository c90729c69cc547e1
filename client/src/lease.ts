import type { CallHandle } from './calls.ts';
import { failure, type HushError, type Result, success } from './result.ts';
import { unexpected } from './transport.ts';

export interface LeaseOptions {
  /** Life of the pause after its last renewal; 1 s to an hour. Default 30 s. */
  readonly ttlMs?: number;
  /** Reason in the receipts, such as `card entry`. Never the typed values. */
  readonly reason?: string;
  /** The agent or supervisor who requests it, if the token is not their own. */
  readonly requester?: string;
  readonly signal?: AbortSignal;
  /**
   * Called when a pause could not be released; Hush then raises the alarm `pauseExpired` by itself.
   */
  readonly onTrouble?: (error: HushError) => void;
}

const DEFAULT_TTL_MS = 30_000;
/** Renewals within the life of the pause. */
const RENEWALS = 3;
/**
 * Share of the life that is left when the lease counts as lost, so that a block can stop in time.
 */
const MARGIN_SHARE = 0.15;
const TAKE_ATTEMPTS = 3;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
/** Longest interval of checks whether it still holds. */
const MAX_LOOK_MS = 500;

/**
 * A pause that is renewed until it is released (docs/integrate/pauses.md). It counts only while an
 * answer has confirmed it, and for no longer than that answer promised.
 */
export class Lease {
  readonly #call: CallHandle;
  readonly #owner: string;
  readonly #ttlMs: number;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  /** Measured on two clocks: the monotonic one stops while a machine sleeps. */
  #confirmedUntil = { monotonic: 0, wall: 0 };
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #released: Promise<boolean> | undefined;

  private constructor(call: CallHandle, options: LeaseOptions) {
    this.#call = call;
    this.#options = options;
    this.#owner = `client-${crypto.randomUUID()}`;
    this.#ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
  }

  /**
   * Resolves with a lease only once Hush has confirmed that no audio of the call is kept. After any
   * other outcome, a pause that may hold is released.
   */
  static async take(call: CallHandle, options: LeaseOptions = {}): Promise<Result<Lease>> {
    const lease = new Lease(call, options);
    const taken = await lease.#take();
    if (taken.ok) {
      lease.#renewLater(lease.#ttlMs / RENEWALS);
      const lookMs = Math.min(MAX_LOOK_MS, lease.#ttlMs / 20);
      lease.#watch = setInterval(() => lease.#look(), lookMs);
      return success(lease);
    }
    // An unanswered request may have succeeded, and its pause must not stay.
    if (mayHold(taken.error)) void lease.release();
    return taken;
  }

  /** Aborts when it is no longer certain that nothing is recorded. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get owner(): string {
    return this.#owner;
  }

  /**
   * Releases the pause, retrying until it would have expired. Resolves with true if Hush confirmed
   * it; all callers get the same promise.
   */
  release(): Promise<boolean> {
    clearTimeout(this.#renewal);
    clearInterval(this.#watch);
    this.#released ??= this.#release();
    return this.#released;
  }

  /**
   * Releases the pause because the page goes; a block that continues anyway learns that it is lost.
   */
  abandon(): Promise<boolean> {
    this.#lose(unexpected('the page went away'));
    return this.release();
  }

  async #take(): Promise<Result<undefined>> {
    const { reason, signal } = this.#options;
    const idempotencyKey = crypto.randomUUID();
    const asked = {
      owner: this.#owner,
      ttlMs: this.#ttlMs,
      ...this.#onBehalf,
      ...(reason ? { reason } : {}),
    };
    let last: Result<undefined> = failure(unexpected('it was not asked for'));
    // Retries take the same lease, whose life began with the first attempt.
    const sentAt = now();
    for (let attempt = 1; attempt <= TAKE_ATTEMPTS; attempt += 1) {
      const answered = await this.#call.takePause(asked, { idempotencyKey, signal });
      if (answered.ok) return this.#confirm(answered.value, sentAt);
      last = answered;
      if (!answered.error.retryable || signal?.aborted) break;
      if (attempt < TAKE_ATTEMPTS) await delay(FIRST_RETRY_MS * attempt);
    }
    return last;
  }

  /** An answer counts only if it states the pause. */
  #confirm({ keepsAudio, pauses }: PauseAnswer, sentAt: Instant): Result<undefined> {
    const own = pauses?.find(({ owner }) => owner === this.#owner);
    if (keepsAudio !== false || !own || own.expired) {
      return failure(unexpected('Hush does not say that nothing is recorded'));
    }
    const heldMs = this.#ttlMs * (1 - MARGIN_SHARE);
    this.#confirmedUntil = { monotonic: sentAt.monotonic + heldMs, wall: sentAt.wall + heldMs };
    return this.#leftMs > 0
      ? success(undefined)
      : failure(unexpected('the answer came when the pause was all but over'));
  }

  get #onBehalf(): { readonly requester?: string } {
    const { requester } = this.#options;
    return requester === undefined ? {} : { requester };
  }

  /** Time until the lease counts as lost. */
  get #leftMs(): number {
    const { monotonic, wall } = now();
    return Math.min(this.#confirmedUntil.monotonic - monotonic, this.#confirmedUntil.wall - wall);
  }

  /** Runs whatever a renewal is doing, and however long the machine has slept. */
  #look(): void {
    if (this.#leftMs <= 0) this.#lose(unexpected('the pause was not renewed in time'));
  }

  #lose(error: HushError): void {
    clearInterval(this.#watch);
    clearTimeout(this.#renewal);
    this.#lost.abort(error);
  }

  #renewLater(inMs: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), inMs);
  }

  async #renew(): Promise<void> {
    this.#look();
    if (this.#lost.signal.aborted) return undefined;
    const sentAt = now();
    const answered = await this.#call.renewPause(this.#owner, {
      ttlMs: this.#ttlMs,
      timeoutMs: Math.max(1, this.#leftMs),
      ...this.#onBehalf,
    });
    if (this.#released || this.#lost.signal.aborted) return undefined;
    const confirmed = answered.ok ? this.#confirm(answered.value, sentAt) : answered;
    if (confirmed.ok) return this.#renewLater(this.#ttlMs / RENEWALS);
    const retryMs = Math.min(MAX_RETRY_MS, this.#ttlMs / 10);
    if (confirmed.error.retryable && retryMs < this.#leftMs) return this.#renewLater(retryMs);
    return this.#lose(confirmed.error);
  }

  async #release(): Promise<boolean> {
    const until = performance.now() + this.#ttlMs;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(MAX_RETRY_MS, waitMs * 2)) {
      const answered = await this.#call.releasePause(this.#owner, this.#onBehalf);
      // 404: it does not hold, or the call is over.
      if (answered.ok || (answered.error.kind === 'http' && answered.error.status === 404)) {
        return true;
      }
      if (!answered.error.retryable || performance.now() + waitMs > until) {
        this.#options.onTrouble?.(answered.error);
        return false;
      }
      await delay(waitMs);
    }
  }
}

interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

function now(): Instant {
  return { monotonic: performance.now(), wall: Date.now() };
}

interface PauseAnswer {
  readonly keepsAudio?: boolean;
  readonly pauses?: readonly { readonly owner: string; readonly expired: boolean }[];
}

/** True when the request may have succeeded despite the error. */
function mayHold({ kind, ...error }: HushError): boolean {
  if (kind === 'http') return 'status' in error && error.status >= 500;
  return kind !== 'contract';
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
