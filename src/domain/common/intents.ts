/** Work that is retried until it succeeds. */
export interface Intent {
  /** Failures in a row. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
  running: Promise<void> | undefined;
  /** Requested while it ran: it runs once more. */
  again: boolean;
  /** Wait that the last attempt asked for. */
  waitMs: number;
}

export interface IntentsPorts {
  /**
   * Carries out the work that is due.
   * @returns undefined once nothing is left to do; else ms until the next work is due, Infinity
   * where another request will follow
   */
  attempt(id: string, failures: number): Promise<number | undefined>;
  onFailed(id: string, cause: unknown): void;
  onSucceeded(id: string): void;
}

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** The longest wait that a timer accepts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Returns the wait before the next attempt: 1 s, 2 s, 4 s ... at most 30 s. */
export function retryInMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
}

/**
 * Retries each intent, one attempt at a time, until it succeeds. The store holds the intents: a
 * process that ends leaves them to the next one.
 */
export class Intents {
  readonly #ports: IntentsPorts;
  readonly #intents = new Map<string, Intent>();
  #stopped = false;

  constructor(ports: IntentsPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#intents.size;
  }

  /** Resolves when an attempt that began after this request is over. */
  run(id: string): Promise<void> {
    const known = this.#intents.get(id);
    const intent = known ?? {
      failures: 0,
      timer: undefined,
      running: undefined,
      again: false,
      waitMs: 0,
    };
    this.#intents.set(id, intent);
    clearTimeout(intent.timer);
    if (intent.running) intent.again = true;
    else intent.running = this.#run(id, intent);
    return intent.running;
  }

  /** Retries intents that wait no longer than this once more; afterwards none runs. */
  async close(maxWaitMs: number): Promise<void> {
    this.#stopped = true;
    const near = [...this.#intents].filter(([, { waitMs }]) => waitMs <= maxWaitMs);
    await Promise.all(near.map(([id]) => this.run(id)));
    this.abandon();
  }

  abandon(): void {
    this.#stopped = true;
    for (const { timer } of this.#intents.values()) clearTimeout(timer);
  }

  async #run(id: string, intent: Intent): Promise<void> {
    let waitMs: number | undefined;
    do {
      intent.again = false;
      waitMs = await this.#attempt(id, intent);
    } while (intent.again);
    intent.running = undefined;
    intent.waitMs = waitMs ?? 0;
    if (waitMs === undefined) this.#intents.delete(id);
    else if (!this.#stopped && Number.isFinite(waitMs)) {
      intent.timer = setTimeout(() => void this.run(id), Math.min(waitMs, MAX_TIMER_MS)).unref();
    }
  }

  async #attempt(id: string, intent: Intent): Promise<number | undefined> {
    try {
      const waitMs = await this.#ports.attempt(id, intent.failures);
      intent.failures = 0;
      this.#ports.onSucceeded(id);
      return waitMs;
    } catch (cause) {
      intent.failures += 1;
      this.#ports.onFailed(id, cause);
      return retryInMs(intent.failures);
    }
  }
}
