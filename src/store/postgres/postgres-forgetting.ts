import { setTimeout as delay } from 'node:timers/promises';
import type { QueryResult } from 'pg';
import type { BoundedClient, BoundedPool } from './postgres-pool.ts';

/** Commits wait behind a rewrite that waits for a reader: not for longer than this. */
const LOCK_TIMEOUT_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';
/** A query that already runs may see what was destroyed: this long is waited for its end. */
const QUERIES_TIMEOUT_MS = 2000;
const QUERIES_INTERVAL_MS = 10;

/**
 * Writes the parts of the tables that hold keys anew, without what was deleted or overwritten in
 * them; the files from before are emptied with that commit. The server's log (WAL), its replicas
 * and its backups still hold it: docs/operate/archive.md.
 * @param callIds of calls whose keys were destroyed; undefined: of any
 * @throws where a reader, or a transaction that began before, keeps what was destroyed
 */
export async function rewriteKeys(pool: BoundedPool, callIds?: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    for (const part of await partsOf(client, callIds)) await rewrite(client, part);
  } finally {
    await client.query('reset lock_timeout').catch(() => undefined);
    client.release();
  }
}

/** Quoted where they must be. */
async function partsOf(
  client: BoundedClient,
  callIds: readonly string[] | undefined,
): Promise<string[]> {
  const { rows } =
    callIds === undefined
      ? await client.query<QueryResult<{ part: string }>>(
          `select inhrelid::regclass::text as part from pg_inherits
           where inhparent in ('segments'::regclass, 'derived'::regclass) order by 1`,
        )
      : await client.query<QueryResult<{ part: string }>>(
          `select tableoid::regclass::text as part from segments where call_id = any($1)
           union select tableoid::regclass::text from derived where call_id = any($1) order by 1`,
          [callIds],
        );
  return rows.map(({ part }) => part);
}

/**
 * `FULL` keeps row versions that an open transaction may still see. With `FREEZE` the table's
 * horizon says from which transaction on that was so: it must lie behind the destruction.
 */
async function rewrite(client: BoundedClient, part: string): Promise<void> {
  const { rows: begun } = await client.query<QueryResult<{ id: string }>>(
    'select pg_current_xact_id()::xid::text as id',
  );
  const id = begun[0]?.id ?? '';
  await olderQueriesEnd(client, id);
  try {
    await client.query(`vacuum (full, freeze) ${part}`);
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause;
    throw new Error(`a reader of ${part} keeps what was destroyed in it`, { cause });
  }
  const { rows: frozen } = await client.query<QueryResult<{ is_behind: boolean }>>(
    'select age(relfrozenxid) <= age($1::xid) as is_behind from pg_class where oid = $2::regclass',
    [id, part],
  );
  if (!frozen[0]?.is_behind) {
    throw new Error(`a transaction that began before keeps what was destroyed in ${part}`);
  }
}

/** Those of other roles may be hidden: what they keep shows after the rewrite. */
async function olderQueriesEnd(client: BoundedClient, id: string): Promise<void> {
  for (let waited = 0; waited < QUERIES_TIMEOUT_MS; waited += QUERIES_INTERVAL_MS) {
    const { rows } = await client.query<QueryResult<{ is_older: boolean }>>(
      `select exists (
         select from pg_stat_activity
         where datname = current_database() and age(backend_xmin) > age($1::xid)
       ) as is_older`,
      [id],
    );
    if (!rows[0]?.is_older) return;
    await delay(QUERIES_INTERVAL_MS);
  }
}
