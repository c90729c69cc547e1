import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { StoreUnavailableError } from '../../domain/model/errors.ts';
import type { Reach } from './postgres-reach.ts';
import {
  breakNow,
  endsSession,
  keepAlive,
  keepAliveSettings,
  type SessionSettings,
  setSession,
  sqlStateOf,
} from './postgres-session.ts';

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  /** Time limit for getting a connection. */
  readonly timeoutMs: number;
  /** Time limit of an answer, after which it is given up, and its connection with it. */
  readonly answerMs: number;
  readonly settings: SessionSettings;
  readonly reach: Reach;
  onConnectionLost(cause: Error): void;
}

/** The connection was lost during a statement: its uncommitted changes are not there. */
export class ConnectionLostError extends StoreUnavailableError {}

const RETRY_MS = 50;
/** A statement after the deadline, such as a ROLLBACK, still gets this long. */
const MIN_ANSWER_MS = 100;
/** Deadline of the work in progress, on the monotonic clock. */
const deadlines = new AsyncLocalStorage<number>();

/** Runs it so that none of its statements is awaited beyond `atMs` (`performance.now()`). */
export function until<Result>(atMs: number, run: () => Promise<Result>): Promise<Result> {
  return deadlines.run(atMs, run);
}

/**
 * Connections that come and go with their server. Losing one fails only the statement on it; no
 * answer is awaited for longer than `timeoutMs`.
 */
export class BoundedPool {
  readonly #options: PoolOptions;
  readonly #pool: pg.Pool;
  /** Age of `Reach` when the connection was made. */
  readonly #ages = new WeakMap<pg.PoolClient, number>();

  constructor(options: PoolOptions) {
    this.#options = options;
    const { url: connectionString, max, timeoutMs: connectionTimeoutMillis } = options;
    this.#pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis, ...keepAlive });
    this.#pool.on('error', options.onConnectionLost);
    // The pool listens only while a connection is idle: one lost at work would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** The interface that Kysely requires of a pool. */
  get options(): object {
    return this.#pool.options;
  }

  /**
   * Returns a connection, waiting for a server that restarts.
   * @throws StoreUnavailableError
   */
  async connect(): Promise<BoundedClient> {
    const { timeoutMs, reach } = this.#options;
    const untilMs = Math.min(performance.now() + timeoutMs, deadlines.getStore() ?? Infinity);
    const suspicion = setTimeout(
      () => reach.suspect(),
      Math.max(0, untilMs - performance.now()) / 2,
    );
    try {
      for (;;) {
        reach.mustNotBeAway();
        const client = await this.#connect(untilMs).catch((cause: unknown) => {
          if (isFinal(cause)) throw cause;
          if (untilMs - performance.now() > RETRY_MS) return undefined;
          reach.lost(cause);
          throw new StoreUnavailableError('the database cannot be reached', { cause });
        });
        if (client) return client;
        await delay(RETRY_MS);
      }
    } finally {
      clearTimeout(suspicion);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #connect(untilMs: number): Promise<BoundedClient> {
    for (;;) {
      const client = await this.#checkedOut(untilMs);
      if (client) return client;
    }
  }

  /** Returns undefined for a connection made before the server was away. */
  async #checkedOut(untilMs: number): Promise<BoundedClient | undefined> {
    const { answerMs, settings, reach } = this.#options;
    const { age } = reach;
    const inner = await inTime(this.#pool.connect(), untilMs);
    const deadlineMs = deadlines.getStore() ?? Infinity;
    const client = new BoundedClient(inner, { answerMs, deadlineMs, reach });
    const known = this.#ages.get(inner);
    if (known === reach.age) return client;
    if (known !== undefined) {
      client.release(true);
      return undefined;
    }
    try {
      await setSession(client as unknown as pg.ClientBase, { ...keepAliveSettings, ...settings });
      this.#ages.set(inner, age);
      return client;
    } catch (cause) {
      client.release(true);
      throw cause;
    }
  }
}

/** Waits for a connection; a late one goes back to its pool. */
async function inTime(connecting: Promise<pg.PoolClient>, untilMs: number): Promise<pg.PoolClient> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      reject(new StoreUnavailableError('no connection to the database in time'));
    },
    Math.max(0, untilMs - performance.now()),
  );
  connecting.then(
    (client) => (isLate ? client.release() : undefined),
    () => undefined,
  );
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** True when the server is there and refuses access. */
function isFinal(cause: unknown): boolean {
  return /^(?:28|3D)/.test(sqlStateOf(cause) ?? '');
}

interface Bounds {
  readonly answerMs: number;
  readonly deadlineMs: number;
  readonly reach: Reach;
}

/** A connection of the pool, used by one piece of work. */
export class BoundedClient {
  readonly #client: pg.PoolClient;
  readonly #bounds: Bounds;
  readonly #onError = (cause: Error): void => this.#lose(cause);
  #lost: ConnectionLostError | undefined;

  constructor(client: pg.PoolClient, bounds: Bounds) {
    this.#client = client;
    this.#bounds = bounds;
    client.on('error', this.#onError);
  }

  get processID(): number | undefined {
    return (this.#client as { processID?: number }).processID;
  }

  /** @throws ConnectionLostError, or the server's error for the statement */
  async query<Result>(text: string, values?: readonly unknown[]): Promise<Result> {
    if (this.#lost) throw this.#lost;
    const stopWaiting = this.#bound();
    try {
      return (await this.#client.query(text, values as unknown[])) as Result;
    } catch (cause) {
      if (endsSession(cause)) this.#lose(cause as Error);
      throw this.#lost ?? cause;
    } finally {
      stopWaiting();
    }
  }

  release(destroy = false): void {
    this.#client.off('error', this.#onError);
    if (destroy || this.#lost) {
      breakNow(this.#client, this.#lost ?? new ConnectionLostError('given up'));
      this.#client.release(true);
    } else this.#client.release();
  }

  /** @returns the function to call once the answer is there */
  #bound(): () => void {
    const { answerMs, deadlineMs, reach } = this.#bounds;
    const leftMs = Math.max(MIN_ANSWER_MS, Math.min(answerMs, deadlineMs - performance.now()));
    let isAnswered = false;
    const giveUp = (): void => {
      if (isAnswered) return;
      const ms = Math.round(leftMs);
      this.#lost ??= new ConnectionLostError(`the database did not answer within ${ms} ms`);
      reach.lost(this.#lost);
      breakNow(this.#client, this.#lost);
    };
    // An answer that came while this process stood still is read before it is missed.
    const timer = setTimeout(() => setImmediate(giveUp), leftMs);
    const suspicion = setTimeout(() => reach.suspect(), leftMs / 2);
    // A long query is not awaited once the server is known to be away.
    const isPatient = answerMs > reach.timeoutMs;
    const stopWatching = isPatient ? reach.whenAway(giveUp) : undefined;
    return () => {
      isAnswered = true;
      clearTimeout(timer);
      clearTimeout(suspicion);
      stopWatching?.();
    };
  }

  #lose(cause: Error): void {
    this.#lost ??= new ConnectionLostError('the connection to the database was lost', { cause });
  }
}
