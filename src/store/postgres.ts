import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { ReplacedKey } from '../domain/keeping-store.ts';
import { claimEpoch, type Database, OwnEpoch, type Removal, type Row, upsert } from './database.ts';
import type { RowOf } from './mapping.ts';
import { beginDurably, mustBeDurable } from './postgres-durability.ts';
import { rewriteKeys } from './postgres-forgetting.ts';
import { primaryKeys, type Schema, type TableName } from './schema.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly maxConnections: number;
  /** Loss of an idle connection; the pool opens another one at the next query. */
  onConnectionLost(cause: Error): void;
}

/** Beside those of commits: what is looked up keeps no command waiting for a connection. */
const READERS = 2;
/** A query that takes longer is given up, so that the next one has its turn. */
const READ_TIMEOUT_MS = 60_000;
const INSUFFICIENT_PRIVILEGE = '42501';

export function openPostgres(options: PostgresOptions): Database {
  const { pool, kysely } = opened(options, { max: options.maxConnections });
  const { kysely: reader } = opened(options, { max: READERS, statement_timeout: READ_TIMEOUT_MS });
  const epoch = new OwnEpoch();
  /** A durable transaction, refused where our epoch is not the database's any more. */
  async function change<Result>(
    statements: (transaction: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> {
    epoch.mustNotBeDisowned();
    return kysely.transaction().execute(async (transaction) => {
      epoch.mustBe(await beginDurably(transaction));
      return statements(transaction);
    });
  }
  return {
    kysely,
    reader,
    change,
    epoch,
    mustBeDurable: () => mustBeDurable(kysely),
    name: () => nameOf(kysely),
    async claim(folder) {
      const claim = await change((transaction) => claimEpoch(transaction, folder));
      epoch.claimed(claim);
      return claim;
    },
    async resign() {
      if (epoch.value === undefined) return;
      await change((one) => one.updateTable('ownership').set({ ended: 1 }).execute());
    },
    async write(rows) {
      const byTable = latestByTable(rows);
      await change(async (transaction) => {
        for (const [table, tableRows] of byTable) {
          await upsert(transaction, table, [...tableRows.values()]).execute();
        }
      });
    },
    remove: (removals, rows) => change((transaction) => remove(transaction, removals, rows)),
    opened: async (rows) => [...rows],
    replaceKeys: (of, keys) => change((transaction) => replaceKeys(transaction, of, keys)),
    forgetDeleted: (callIds) => rewriteKeys(pool, callIds),
    async close() {
      await Promise.all([kysely.destroy(), reader.destroy()]);
    },
  };
}

/**
 * A dump that is restored elsewhere has another name; a standby that takes over has the same. Empty
 * where the server does not say.
 */
async function nameOf(kysely: Kysely<Schema>): Promise<string> {
  const query = sql<{ name: string }>`
    select system_identifier || '/' || oid || '/' || current_schema() as name
    from pg_control_system(), pg_database where datname = current_database()`;
  try {
    return (await query.execute(kysely)).rows[0]?.name ?? '';
  } catch (cause) {
    if ((cause as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw cause;
    return '';
  }
}

async function remove(
  transaction: Kysely<Schema>,
  removals: readonly Removal[],
  rows: readonly RowOf[],
): Promise<void> {
  for (const { table, column, value } of removals) {
    await sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(
      transaction,
    );
  }
  for (const { table, row } of rows) await upsert(transaction, table, [row]).execute();
}

function opened({ url, onConnectionLost }: PostgresOptions, more: pg.PoolConfig) {
  const pool = new pg.Pool({ connectionString: url, ...more });
  pool.on('error', onConnectionLost);
  return { pool, kysely: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }) };
}

/** One statement may touch a row once only: of rows with the same key the last one counts. */
function latestByTable(rows: readonly RowOf[]): Map<TableName, Map<string, Row>> {
  const byTable = new Map<TableName, Map<string, Row>>();
  for (const { table, row } of rows) {
    const columns = row as unknown as Record<string, unknown>;
    const key = JSON.stringify(primaryKeys[table].map((column) => columns[column]));
    const latest = byTable.get(table) ?? new Map<string, Row>();
    byTable.set(table, latest.set(key, row));
  }
  return byTable;
}

/** One statement, so that no commit comes in between. */
async function replaceKeys(
  transaction: Kysely<Schema>,
  of: 'segments' | 'derived',
  keys: readonly ReplacedKey[],
): Promise<void> {
  const text = (key: Buffer): string => key.toString('base64');
  const pairs = sql.join(keys.map(({ before, after }) => sql`(${text(before)}, ${text(after)})`));
  const callIds = sql.join([...new Set(keys.map(({ callId }) => callId))]);
  await sql`
    with renewed (old_key, new_key) as (values ${pairs})
    update ${sql.table(of)}
    set wrapped_key = (select new_key from renewed where old_key = wrapped_key)
    where call_id in (${callIds}) and wrapped_key in (select old_key from renewed)`.execute(
    transaction,
  );
}
