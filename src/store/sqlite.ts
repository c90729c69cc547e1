import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { claimEpoch, columnsOf, type Database, FOLLOWED, OwnEpoch, upsert } from './database.ts';
import type { RowOf } from './mapping.ts';
import type { Schema, TableName } from './schema.ts';
import type { SqliteAnswer, SqliteRequest } from './sqlite-thread.ts';

/** Opens, or creates, the database file. */
export function openSqlite(file: string): Database {
  const client = new SqliteClient(file);
  const kysely = new Kysely<Schema>({ dialect: new SqliteThreadDialect(client) });
  let reading: { client: SqliteClient; kysely: Kysely<Schema> } | undefined;
  const sql = new Map<TableName, string>();
  const epoch = new OwnEpoch();
  /** The folder's lock is what keeps others away; the epoch is looked at all the same. */
  async function change<Result>(
    statements: (one: Kysely<Schema>) => Promise<Result>,
  ): Promise<Result> {
    epoch.mustNotBeDisowned();
    if (epoch.value !== undefined) {
      const row = await kysely.selectFrom('ownership').select('epoch').executeTakeFirst();
      epoch.mustBe(row?.epoch);
    }
    return statements(kysely);
  }
  return {
    kysely,
    epoch,
    change,
    async claim(folder) {
      // Nothing is written by another request yet, which would meet this transaction.
      const claim = await kysely.transaction().execute((one) => claimEpoch(one, folder));
      epoch.claimed(claim);
      return claim;
    },
    async resign() {
      if (epoch.value === undefined) return;
      await change((one) => one.updateTable('ownership').set({ ended: 1 }).execute());
    },
    /** A thread of its own, from its first use on: a search keeps no command's commit waiting. */
    get reader() {
      if (!reading) {
        const own = new SqliteClient(file);
        const dialect = new SqliteThreadDialect(own);
        reading = { client: own, kysely: new Kysely<Schema>({ dialect }) };
      }
      return reading.kysely;
    },
    async write(rows) {
      epoch.mustNotBeDisowned();
      try {
        await client.request(statementsOf(kysely, sql, rows), true, epoch.value);
      } catch (cause) {
        if ((cause as Error).message === FOLLOWED) epoch.onFollowed();
        throw cause;
      }
    },
    async forgetDeleted() {
      // Rows are overwritten in place (secure_delete); the log must not keep what they were.
      // Commits are behind this in the thread: it waits for nobody.
      const once = (sql: string) => client.request([{ sql, rows: [[]] }], false);
      await once('PRAGMA busy_timeout = 50');
      const answer = await once('PRAGMA wal_checkpoint(TRUNCATE)');
      await once('PRAGMA busy_timeout = 5000');
      if (answer.rows?.[0]?.busy !== 0) {
        throw new Error('another reader keeps the log of the database from being emptied');
      }
    },
    async close() {
      await Promise.all([kysely.destroy(), reading?.kysely.destroy()]);
      await Promise.all([client.close(), reading?.client.close()]);
    },
  };
}

/** One statement per table, prepared once in the thread and run once per row. */
function statementsOf(
  kysely: Kysely<Schema>,
  sql: Map<TableName, string>,
  rows: readonly RowOf[],
): Statements {
  const byTable = new Map<TableName, Statements[number]['rows']>();
  for (const { table, row } of rows) {
    if (!sql.has(table)) sql.set(table, upsert(kysely, table, [row]).compile().sql);
    const parameters = byTable.get(table) ?? [];
    parameters.push(columnsOf(row));
    byTable.set(table, parameters);
  }
  return [...byTable].map(([table, parameters]) => ({
    sql: sql.get(table) as string,
    rows: parameters,
  }));
}

type Statements = SqliteRequest['statements'];

interface Pending {
  resolve(answer: SqliteAnswer): void;
  reject(cause: Error): void;
}

/**
 * SQLite in a thread of its own, so that a slow disk stalls neither SIP nor the API. Requests are
 * answered in the order in which they were made.
 */
export class SqliteClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended: Error | undefined;
  #exited: Promise<void>;

  constructor(file: string) {
    // In a checkout the thread is a `.ts` file, where Hush is compiled a `.js` one.
    const thread = new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(thread, { workerData: { file } });
    this.#worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    this.#worker.on('error', (cause) => this.#failAll(cause as Error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#failAll(new Error('the database thread ended'));
        resolve();
      });
    });
  }

  /** @param epoch the one that the database must have, of statements that are one transaction */
  request(statements: Statements, atomic: boolean, epoch?: number): Promise<SqliteAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, atomic, statements, epoch } satisfies SqliteRequest);
    });
  }

  async close(): Promise<void> {
    this.#worker.postMessage('close');
    await this.#exited;
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.error === undefined) pending?.resolve(answer);
    else pending?.reject(new Error(answer.error));
  }

  #failAll(cause: Error): void {
    this.#ended ??= cause;
    for (const pending of this.#pending.values()) pending.reject(cause);
    this.#pending.clear();
  }
}

/** Kysely's view of the thread: one connection, which a transaction holds for itself. */
export class SqliteThreadDialect implements Dialect {
  readonly #client: SqliteClient;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(this.#client);
  }
  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }
  createAdapter() {
    return new SqliteThreadAdapter();
  }
  createIntrospector(...args: ConstructorParameters<typeof SqliteIntrospector>) {
    return new SqliteIntrospector(...args);
  }
}

/** SQLite rolls back changes of tables too: a migration is done as a whole, and by one process. */
class SqliteThreadAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteThreadDriver implements Driver {
  readonly #connection: SqliteThreadConnection;
  #held: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(client: SqliteClient) {
    this.#connection = new SqliteThreadConnection(client);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#held;
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return this.#connection;
  }
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }
  async releaseConnection(): Promise<void> {
    this.#release();
  }
  async destroy(): Promise<void> {}
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #client: SqliteClient;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const rows = [[...query.parameters]] as Statements[number]['rows'];
    const answer = await this.#client.request([{ sql: query.sql, rows }], false);
    return {
      rows: (answer.rows ?? []) as Row[],
      numAffectedRows: BigInt(answer.changes ?? 0),
    };
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface asks for it; nothing here streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('the SQLite store does not stream');
  }
}
