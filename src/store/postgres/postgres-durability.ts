import { type Kysely, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** The database cannot keep Hush's promises; the message is a sentence for an operator. */
export class DurabilityError extends Error {
  override readonly name = 'DurabilityError';
  readonly code = 'HUSH_DURABILITY';
}

/**
 * Begins a transaction whose commit is on the server's disk when it is answered, whatever the
 * settings of server, database or role; the stricter `remote_apply` stays. The owner's row stays
 * unchanged until then.
 * @returns the epoch of the database
 */
export async function beginDurably(transaction: Kysely<Schema>): Promise<unknown> {
  const { rows } = await sql<{ epoch: string }>`
    select epoch, ${syncedCommit} from ownership for share`.execute(transaction);
  return rows[0]?.epoch;
}

/** @throws DurabilityError if an acknowledged commit may be lost */
export async function mustBeDurable(kysely: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ fsync: string; standby: boolean; synced: string }>`
    select current_setting('fsync') as fsync, pg_is_in_recovery() as standby,
      ${syncedCommit} as synced`.execute(kysely);
  const [server] = rows;
  if (server?.standby !== false) {
    throw new DurabilityError(
      'store.url names a standby, which takes no commits: name the primary',
    );
  }
  if (server.fsync !== 'on') {
    throw new DurabilityError(
      'the PostgreSQL server runs with fsync off: what it acknowledged is lost with its power; switch fsync on',
    );
  }
  if (server.synced !== 'on' && server.synced !== 'remote_apply') {
    throw new DurabilityError(
      `the PostgreSQL server does not give synchronous_commit = on, but ${server.synced}`,
    );
  }
}

/** Sets `synchronous_commit` for its transaction and returns the resulting value. */
const syncedCommit = sql`case when current_setting('synchronous_commit') = 'remote_apply'
  then 'remote_apply' else set_config('synchronous_commit', 'on', true) end`;
