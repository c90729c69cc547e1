import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Database } from '../../src/store/rows/database.ts';
import { SqlStore } from '../../src/store/store.ts';
import type { DatabaseKind, DatabaseServer, EmptyDatabase } from './database-servers.ts';

/** The store of the running test, on a database of its own; one server for the whole file. */
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

  /** Opens another store on the same database. */
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
