import type { SessionInterval } from '../protocols/sip/message/session-expires.ts';

/** The agreed interval, and the time of the last refresh; plain JSON. */
export interface RefreshState extends SessionInterval {
  /** Unix ms */
  readonly refreshedAt: number;
}

export interface SessionRefreshOptions {
  /** Refreshes the session in our turn; resolves with the agreement, or undefined to retry soon. */
  refresh(): Promise<SessionInterval | undefined>;
  /** Called when the other side has not refreshed, or does not answer: the session is over. */
  onExpired(): void;
}

/** RFC 4028 section 10: longest time between a BYE and the session's expiry. */
const MAX_MARGIN_MS = 32_000;
const RETRY_MS = 2_000;

/** The session timer of one dialog (RFC 4028), without which a dead client goes unnoticed. */
export class SessionRefresh {
  readonly #options: SessionRefreshOptions;
  #state: RefreshState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: SessionRefreshOptions) {
    this.#options = options;
  }

  get state(): RefreshState | undefined {
    return this.#state;
  }

  /** Notes that either side has just refreshed the session. */
  refreshed(interval: SessionInterval): void {
    this.restore({ ...interval, refreshedAt: Date.now() });
  }

  restore(state: RefreshState | undefined): void {
    clearTimeout(this.#timer);
    this.#state = state;
    if (!state || this.#stopped) return;
    const lengthMs = state.seconds * 1000;
    const ageMs = Math.min(lengthMs, Math.max(0, Date.now() - state.refreshedAt));
    const dueMs =
      state.refresher === 'us' ? lengthMs / 2 : lengthMs - Math.min(MAX_MARGIN_MS, lengthMs / 3);
    this.#wait(Math.max(0, dueMs - ageMs));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#due(), ms);
    this.#timer.unref();
  }

  async #due(): Promise<void> {
    const state = this.#state;
    if (!state) return;
    const isOver = Date.now() - state.refreshedAt >= state.seconds * 1000;
    if (state.refresher === 'them' || isOver) {
      this.#options.onExpired();
      return;
    }
    const agreed = await this.#options.refresh();
    if (this.#stopped) return;
    if (agreed) this.refreshed(agreed);
    else if (this.#state === state) this.#wait(RETRY_MS);
  }
}
