import { join } from 'node:path';
import { sql } from 'kysely';
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

/** A network that swallows everything would otherwise keep a start for minutes. */
const ANSWER_TIMEOUT_MS = 10_000;

/** @throws Error where it cannot be reached in time */
export async function mustAnswer({ kysely }: Database): Promise<void> {
  const asked = sql`select 1`.execute(kysely);
  asked.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the database did not answer within ${ANSWER_TIMEOUT_MS} ms`;
    timer = setTimeout(() => reject(new Error(message)), ANSWER_TIMEOUT_MS);
  });
  try {
    await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the one process that works on them takes first. */
export function ownershipOptions({ dataDir, lock, store }: Config): OwnershipOptions {
  const url = store.kind === 'postgres' ? (store.url ?? '') : undefined;
  return { dataDir, url, ...lock };
}
