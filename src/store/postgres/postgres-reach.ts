import pg from 'pg';
import { StoreUnavailableError } from '../../domain/model/errors.ts';
import { endNow } from './postgres-session.ts';

export interface ReachOptions {
  readonly url: string;
  /** A server that says nothing for so long is away. */
  readonly timeoutMs: number;
  onAway(cause: unknown): void;
  onBack(): void;
}

const PROBE_INTERVAL_MS = 200;
/** Of the time-out: so old at most is an answer to a suspicion when the wait is given up. */
const FRESH = 0.6;

/**
 * Whether the server answers. Once it has not for `timeoutMs` nobody waits for it any more: what
 * asks is told so at once, until a connection of its own finds that it answers again.
 *
 *     there --silent, or refusing connections, for timeoutMs--> away --answers a probe--> there
 */
export class Reach {
  readonly #options: ReachOptions;
  /** Connections of an age before are not trusted: the server may not know them any more. */
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
   * Something has waited for half as long as it may. A server that is there may keep one connection
   * waiting: another one tells.
   */
  suspect(): void {
    if (this.#isAway || this.#isClosed) return;
    const { timeoutMs } = this.#options;
    this.#suspecting ??= this.#answers(timeoutMs / 2).then((answers) => {
      if (answers) this.#answeredAt = performance.now();
      this.#suspecting = undefined;
    });
  }

  /** Something has waited for as long as it may. */
  lost(cause: unknown): void {
    if (this.#isAway || this.#isClosed) return;
    if (performance.now() - this.#answeredAt < this.#options.timeoutMs * FRESH) return;
    this.#isAway = true;
    this.#age += 1;
    this.#options.onAway(cause);
    for (const giveUp of [...this.#waiting]) giveUp();
    void this.#probe();
  }

  /** Called where it is away before what is waited for has come. @returns what ends it */
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
      ...{ connectionString: url, application_name: 'hush probe' },
      ...{ connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs },
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
