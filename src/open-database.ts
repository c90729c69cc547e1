import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import type { OwnershipOptions } from './store/ownership/ownership.ts';
import { openPostgres, type PostgresOptions } from './store/postgres/postgres.ts';
import type { Database } from './store/rows/database.ts';
import { openSqlite } from './store/sqlite/sqlite.ts';

/** Listener for the state of the connections to a server. */
export type ConnectionListener = Pick<PostgresOptions, 'onConnectionLost' | 'onAway' | 'onBack'>;

/** The database that the configuration names; the data folder must be there. */
export function openDatabase(config: Config, listener: ConnectionListener): Database {
  if (config.store.kind === 'sqlite') return openSqlite(join(config.dataDir, 'hush.sqlite'));
  const { url = '', maxConnections, timeoutMs } = config.store;
  return openPostgres({ url, maxConnections, timeoutMs, ...listener });
}

/** Options of the ownership that a process takes first. */
export function ownershipOptions({ dataDir, lock, store }: Config): OwnershipOptions {
  const url = store.kind === 'postgres' ? (store.url ?? '') : undefined;
  return { dataDir, url, ...lock };
}
