import { type SipTimers, TimerSet } from '../transaction/timers.ts';

export interface UnacknowledgedAnswer {
  /** CSeq number of the INVITE, which its ACK repeats. */
  readonly sequence: number;
  /** Most retransmissions: fewer for a peer that never proved its address. */
  readonly maxResends: number;
  resend(): void;
  onTimeout(): void;
}

/**
 * Retransmits the 2xx to an INVITE until its ACK comes, on TCP too, and gives up after 64*T1 (RFC
 * 3261 section 13.3.1.4).
 */
export class AckWatch {
  readonly #timers: SipTimers;
  readonly #waiting = new Map<number, TimerSet>();
  #settled: (() => void)[] = [];

  constructor(timers: SipTimers) {
    this.#timers = timers;
  }

  /** True while a 2xx of ours has no ACK: its INVITE is not over (RFC 3261 section 14.1). */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  start({ sequence, maxResends, resend, onTimeout }: UnacknowledgedAnswer): void {
    const { t1Ms, t2Ms, timeoutMs } = this.#timers;
    const running = new TimerSet();
    this.#waiting.get(sequence)?.clear();
    this.#waiting.set(sequence, running);
    running.repeat(t1Ms, t2Ms, resend, maxResends);
    running.after(timeoutMs, () => {
      this.acknowledge(sequence);
      onTimeout();
    });
  }

  acknowledge(sequence: number): void {
    this.#waiting.get(sequence)?.clear();
    this.#waiting.delete(sequence);
    if (this.#waiting.size === 0) this.#settle();
  }

  /** Resolves once no ACK is awaited: before that no BYE may be sent (section 15). */
  settled(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  stop(): void {
    for (const running of this.#waiting.values()) running.clear();
    this.#waiting.clear();
    this.#settle();
  }

  #settle(): void {
    const listeners = this.#settled;
    this.#settled = [];
    for (const listener of listeners) listener();
  }
}
