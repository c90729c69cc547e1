import { setTimeout as delay } from 'node:timers/promises';
import type { QueryResult } from 'pg';
import type { BoundedClient, BoundedPool } from './postgres-pool.ts';

/** Commits wait behind a rewrite that waits for a reader, but no longer than this. */
const LOCK_TIMEOUT_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';
/** A running query may see destroyed rows: its end is awaited for this long. */
const QUERIES_TIMEOUT_MS = 2000;
const QUERIES_INTERVAL_MS = 10;

/**
 * Rewrites the partitions of the tables that hold keys, without deleted and overwritten rows; that
 * commit empties the old files. The server's log (WAL), its replicas and its backups still hold
 * them: docs/operate/archive.md.
 * @param callIds of calls whose keys were destroyed; undefined: of any
 * @throws if a reader, or an earlier transaction, keeps destroyed rows
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

/** Returns the names of the partitions, quoted if necessary. */
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
 * horizon shows since which transaction that was so: it must follow the destruction.
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

/**
 * Waits for older queries. Those of other roles may be hidden: rows they keep show after the
 * rewrite.
 */
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
