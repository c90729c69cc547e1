export interface HeartbeatOptions {
  readonly keepAliveIntervalMs: number;
  readonly clientTimeoutMs: number;
  ping(): void;
  onSilence(): void;
}

/** Hub protocol, section "Ping": pings when nothing else is sent, and notices silent clients. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #keepAlive: NodeJS.Timeout | undefined;
  #sentAt = 0;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    const { keepAliveIntervalMs, clientTimeoutMs, onSilence } = this.#options;
    this.#keepAliveIn(keepAliveIntervalMs);
    this.#silence = setTimeout(onSilence, clientTimeoutMs).unref();
  }

  /** Called for every record of every client: a timestamp costs less than moving the timer. */
  sent(): void {
    this.#sentAt = performance.now();
  }

  received(): void {
    this.#silence?.refresh();
  }

  /** Stops the client timeout: an unread client cannot be distinguished from a silent one. */
  stopListening(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  listenAgain(): void {
    if (this.#keepAlive === undefined || this.#silence !== undefined) return;
    this.#silence = setTimeout(this.#options.onSilence, this.#options.clientTimeoutMs).unref();
  }

  stop(): void {
    clearTimeout(this.#keepAlive);
    clearTimeout(this.#silence);
    this.#keepAlive = undefined;
    this.#silence = undefined;
  }

  #keepAliveIn(delayMs: number): void {
    this.#keepAlive = setTimeout(() => this.#keepAliveDue(), delayMs).unref();
  }

  #keepAliveDue(): void {
    const { keepAliveIntervalMs, ping } = this.#options;
    const quietMs = performance.now() - this.#sentAt;
    // A timer may fire within the millisecond before its time.
    const isQuiet = keepAliveIntervalMs - quietMs < 1;
    this.#keepAliveIn(isQuiet ? keepAliveIntervalMs : keepAliveIntervalMs - quietMs);
    if (isQuiet) ping();
  }
}
