/** RFC 3261 section 17 and its table 4, RFC 6026 section 7, in milliseconds. */
export interface SipTimers {
  /** Estimate of the round trip; every other timer is a multiple of it. */
  readonly t1Ms: number;
  /** Cap of the interval between retransmissions. */
  readonly t2Ms: number;
  /** Lifetime of a message in the network. */
  readonly t4Ms: number;
  /** Timers B, D, F, H, J, L and M: 64*T1. */
  readonly timeoutMs: number;
  /** An INVITE unanswered this long gets 100 Trying (section 17.2.1). */
  readonly tryingMs: number;
  /** A ringing INVITE of ours is cancelled after this (timer C, section 16.6). */
  readonly ringingMs: number;
}

const DEFAULT_T1_MS = 500;
const TRYING_MS = 200;
const RINGING_MS = 180_000;

export function sipTimers(overrides: Partial<SipTimers> = {}): SipTimers {
  const t1Ms = overrides.t1Ms ?? DEFAULT_T1_MS;
  return {
    t1Ms,
    t2Ms: 8 * t1Ms,
    t4Ms: 10 * t1Ms,
    timeoutMs: 64 * t1Ms,
    tryingMs: TRYING_MS,
    ringingMs: RINGING_MS,
    ...overrides,
  };
}

/** The running timers of one state machine, so that leaving a state stops all of them at once. */
export class TimerSet {
  readonly #running = new Set<NodeJS.Timeout>();

  after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      action();
    }, delayMs);
    this.#running.add(timer);
  }

  /** Runs `action` after T1, 2*T1, 4*T1 and so on, at most `capMs` apart and `times` times. */
  repeat(
    firstMs: number,
    capMs: number,
    action: () => void,
    times = Number.POSITIVE_INFINITY,
  ): void {
    if (times <= 0) return;
    this.after(firstMs, () => {
      this.repeat(Math.min(firstMs * 2, capMs), capMs, action, times - 1);
      action();
    });
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
