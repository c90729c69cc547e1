import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteClient, Statements } from './sqlite-client.ts';

type Requests = Pick<SqliteClient, 'request'>;

/** Kysely's view of the thread: one connection, which a transaction holds for itself. */
export class SqliteThreadDialect implements Dialect {
  readonly #client: Requests;

  constructor(client: Requests) {
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

/** SQLite rolls back schema changes too: a migration is atomic, and done by one process. */
class SqliteThreadAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteThreadDriver implements Driver {
  readonly #connection: SqliteThreadConnection;
  #held: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(client: Requests) {
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
  readonly #client: Requests;

  constructor(client: Requests) {
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
