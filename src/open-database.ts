import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import type { Database } from './store/database.ts';
import type { OwnershipOptions } from './store/ownership.ts';
import { openPostgres } from './store/postgres.ts';
import { openSqlite } from './store/sqlite.ts';

/** The database that the configuration names; the data folder must be there. */
export function openDatabase(config: Config, onConnectionLost: (cause: Error) => void): Database {
  if (config.store.kind === 'sqlite') return openSqlite(join(config.dataDir, 'hush.sqlite'));
  const { url = '', maxConnections } = config.store;
  return openPostgres({ url, maxConnections, onConnectionLost });
}

/** What the one process that works on them takes first. */
export function ownershipOptions({ dataDir, lock, store }: Config): OwnershipOptions {
  const url = store.kind === 'postgres' ? (store.url ?? '') : undefined;
  return { dataDir, url, ...lock };
}
