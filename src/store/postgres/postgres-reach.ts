import pg from 'pg';
import { StoreUnavailableError } from '../../domain/model/errors.ts';
import { endNow } from './postgres-session.ts';

export interface ReachOptions {
  readonly url: string;
  /** A server that does not answer for this long is away. */
  readonly timeoutMs: number;
  onAway(cause: unknown): void;
  onBack(): void;
}

const PROBE_INTERVAL_MS = 200;
/** As a share of the time-out: a more recent answer shows that the server is there. */
const FRESH = 0.6;

/**
 * Tracks whether the server answers. Once it has not for `timeoutMs`, requests fail at once, until
 * a connection of its own finds that it answers again.
 *
 *     there --silent, or refusing connections, for timeoutMs--> away --answers a probe--> there
 */
export class Reach {
  readonly #options: ReachOptions;
  /** Connections of an earlier age are not trusted: the server may not know them any more. */
  #age = 0;
  #isAway = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #suspecting: Promise<void> | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  get age(): number {
    return this.#age;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** @throws StoreUnavailableError */
  mustNotBeAway(): void {
    if (this.#isAway) throw new StoreUnavailableError('the database does not answer');
  }

  /**
   * Called when a request has used half of its time. A healthy server may keep one connection
   * waiting, so another one probes it.
   */
  suspect(): void {
    if (this.#isAway || this.#isClosed) return;
    const { timeoutMs } = this.#options;
    this.#suspecting ??= this.#answers(timeoutMs / 2).then((answers) => {
      if (answers) this.#answeredAt = performance.now();
      this.#suspecting = undefined;
    });
  }

  /** Called when a request has used all of its time. */
  lost(cause: unknown): void {
    if (this.#isAway || this.#isClosed) return;
    if (performance.now() - this.#answeredAt < this.#options.timeoutMs * FRESH) return;
    this.#isAway = true;
    this.#age += 1;
    this.#options.onAway(cause);
    for (const giveUp of [...this.#waiting]) giveUp();
    void this.#probe();
  }

  /**
   * Calls `giveUp` if the server goes away while a request waits. @returns a function that ends
   * this
   */
  whenAway(giveUp: () => void): () => void {
    this.#waiting.add(giveUp);
    return () => this.#waiting.delete(giveUp);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #probe(): Promise<void> {
    const answers = await this.#answers(this.#options.timeoutMs);
    if (this.#isClosed) return;
    if (answers) {
      this.#isAway = false;
      this.#options.onBack();
    } else this.#timer = setTimeout(() => void this.#probe(), PROBE_INTERVAL_MS).unref();
  }

  async #answers(timeoutMs: number): Promise<boolean> {
    const { url } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: 'hush probe',
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      endNow(client);
    }
  }
}
