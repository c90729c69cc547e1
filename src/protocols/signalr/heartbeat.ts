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
  #silence: NodeJS.Timeout | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    const { keepAliveIntervalMs, clientTimeoutMs, ping, onSilence } = this.#options;
    this.#keepAlive = setInterval(ping, keepAliveIntervalMs).unref();
    this.#silence = setTimeout(onSilence, clientTimeoutMs).unref();
  }

  sent(): void {
    this.#keepAlive?.refresh();
  }

  received(): void {
    this.#silence?.refresh();
  }

  /** A client that is not read cannot be told from a silent one. */
  stopListening(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  listenAgain(): void {
    if (this.#keepAlive === undefined || this.#silence !== undefined) return;
    this.#silence = setTimeout(this.#options.onSilence, this.#options.clientTimeoutMs).unref();
  }

  stop(): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#silence);
    this.#keepAlive = undefined;
    this.#silence = undefined;
  }
}
