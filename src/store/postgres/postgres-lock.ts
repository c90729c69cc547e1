import { hostname } from 'node:os';
import pg from 'pg';
import type { Holder } from '../ownership/ownership-error.ts';
import { endNow, keepAlive, keepAliveSettings, setSession } from './postgres-session.ts';

/** First half of the advisory lock's key; the second half is the schema's. */
const LOCK_CLASS = 0x48757368;
/** PostgreSQL truncates application names here. */
const MAX_NAME_BYTES = 63;
const CONNECT_TIMEOUT_MS = 2_000;

/** Per answer: a frozen server never answers, and a busy one may take this long. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * The server notices a dead client machine and frees the lock, later than an owner that cannot
 * reach the server shuts its gates (`lock.lostAfter`).
 */
const SESSION_SETTINGS = {
  idle_session_timeout: '0',
  statement_timeout: '0',
  lock_timeout: '0',
  ...keepAliveSettings,
} as const;

const LOCK_KEY = `${LOCK_CLASS}, hashtext(current_schema())`;

/**
 * The lock of a database: an advisory lock of a session on a connection of its own. It is lost with
 * that connection.
 */
export class PostgresLock {
  readonly #client: pg.Client;
  readonly #backend: number;
  #isOpen = true;

  private constructor(client: pg.Client, backend: number) {
    this.#client = client;
    this.#backend = backend;
    client.once('end', () => {
      this.#isOpen = false;
    });
  }

  /**
   * Takes the lock; undefined if another session has it. @throws if the server cannot be reached
   */
  static async tryTake(
    url: string,
    onConnectionLost: () => void,
  ): Promise<PostgresLock | undefined> {
    const client = clientOf(url, 'owner');
    client.on('error', onConnectionLost);
    try {
      await client.connect();
      await setSession(client, SESSION_SETTINGS);
      const { rows } = await client.query<{ taken: boolean; backend: number }>(
        `select pg_try_advisory_lock(${LOCK_KEY}) as taken, pg_backend_pid() as backend`,
      );
      const [row] = rows;
      if (row?.taken) {
        client.once('end', onConnectionLost);
        return new PostgresLock(client, row.backend);
      }
    } catch (cause) {
      endNow(client);
      throw cause;
    }
    endNow(client);
    return undefined;
  }

  /** Returns the holder whose session has the lock. */
  static async holder(url: string): Promise<Holder | undefined> {
    const client = clientOf(url, 'start');
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ name: string | null; since: Date | null }>(
        `select activity.application_name as name, activity.backend_start as since
         from pg_locks join pg_stat_activity as activity using (pid)
         where locktype = 'advisory' and granted
           and pg_locks.database = (select oid from pg_database where datname = current_database())
           and classid = ${LOCK_CLASS} and objid = (hashtext(current_schema())::bigint & 4294967295)::oid`,
      );
      return holderOf(rows[0]);
    } finally {
      endNow(client);
    }
  }

  /**
   * Reads the database's current epoch on a connection of its own.
   * @throws if the server cannot be reached
   */
  static async epochNow(url: string): Promise<number | undefined> {
    const client = clientOf(url, 'start');
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ epoch: string }>('select epoch from ownership');
      return rows[0] === undefined ? undefined : Number(rows[0].epoch);
    } finally {
      endNow(client);
    }
  }

  /**
   * Reads the database's current epoch; undefined before the first one.
   * @throws if the connection, or the lock on it, is lost, or does not answer
   */
  async epoch(): Promise<number | undefined> {
    if (!this.#isOpen) throw new Error('the connection that holds the lock was lost');
    const { rows } = await this.#client.query<{ epoch: string; backend: number }>(
      'select pg_backend_pid() as backend, (select epoch from ownership) as epoch',
    );
    const [row] = rows;
    // With a proxy that pools statements, every query may meet another session.
    if (row?.backend !== this.#backend) {
      throw new Error('the database does not keep a session for its connection');
    }
    return row.epoch === null ? undefined : Number(row.epoch);
  }

  async leaving(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#client.query("select set_config('application_name', $1, false)", [
      nameOf('leaving'),
    ]);
  }

  /** Releases the lock. May be called twice. */
  async release(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const ended = new Promise<void>((resolve) => this.#client.once('end', () => resolve()));
    endNow(this.#client);
    await ended;
  }
}

function clientOf(url: string, as: 'owner' | 'start'): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: nameOf(as),
    ...keepAlive,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
}

/** `hush owner, pid 4711 on recorder-1` */
function nameOf(as: 'owner' | 'start' | 'leaving'): string {
  return `hush ${as}, pid ${process.pid} on ${hostname()}`.slice(0, MAX_NAME_BYTES);
}

function holderOf(row: { name: string | null; since: Date | null } | undefined) {
  const [, as, pid, host] = /^hush (\w+), pid (\d+) on (.*)$/.exec(row?.name ?? '') ?? [];
  if (!row?.since || pid === undefined || host === undefined) return undefined;
  return { pid: Number(pid), host, since: row.since.getTime(), isLeaving: as === 'leaving' };
}
