import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import type { ReplacedKey } from '../../domain/ports/retention-store.ts';
import {
  claimEpoch,
  type Database,
  OwnEpoch,
  type Removal,
  type Row,
  upsert,
} from '../rows/database.ts';
import type { RowOf } from '../rows/mapping.ts';
import { primaryKeys, type Schema, type TableName } from '../rows/schema.ts';
import { mustBeDurable } from './postgres-durability.ts';
import { rewriteKeys } from './postgres-forgetting.ts';
import { BoundedPool, type PoolOptions, until } from './postgres-pool.ts';
import { Reach } from './postgres-reach.ts';
import type { SessionSettings } from './postgres-session.ts';
import { PostgresTransactions } from './postgres-transactions.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly maxConnections: number;
  /** Time limit after which a request is given up, whatever the server does. */
  readonly timeoutMs: number;
  /** Called when an idle connection is lost; the next query opens another. */
  onConnectionLost(cause: Error): void;
  /**
   * Called when the server has not answered for `timeoutMs`: requests then fail until it answers.
   */
  onAway?(cause: unknown): void;
  onBack?(): void;
}

/** Connections besides those of commits, so that reads keep no command waiting. */
const READERS = 2;
/** A longer query is given up, so that the next one has its turn. */
const READ_TIMEOUT_MS = 60_000;
const INSUFFICIENT_PRIVILEGE = '42501';
/** Tables that are rewritten or migrated may be large. */
const MAINTENANCE_TIMEOUT_MS = 3_600_000;
/** A reachable server reports a slow statement itself, before it is given up. */
const STATEMENT_SHARE = 0.9;

export function openPostgres(options: PostgresOptions): Database {
  const { timeoutMs } = options;
  const { reach, commits, reads, maintenance } = openPools(options);
  const { kysely } = commits;
  const reader = reads.kysely;
  const epoch = new OwnEpoch();
  const transactions = new PostgresTransactions({ kysely, epoch, timeoutMs });
  const change = transactions.run.bind(transactions);
  return {
    kysely,
    reader,
    maintenance: maintenance.kysely,
    change,
    epoch,
    mustBeDurable: () => mustBeDurable(kysely),
    name: () => nameOf(kysely),
    mustAnswer: async () => {
      reach.mustNotBeAway();
      await until(performance.now() + timeoutMs, () => sql`select 1`.execute(kysely));
    },
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
      await transactions.repeat(async (transaction) => {
        for (const [table, tableRows] of byTable) {
          await upsert(transaction, table, [...tableRows.values()]).execute();
        }
      });
    },
    remove: (removals, rows) =>
      transactions.repeat((transaction) => remove(transaction, removals, rows)),
    opened: async (rows) => [...rows],
    replaceKeys: (of, keys) => change((transaction) => replaceKeys(transaction, of, keys)),
    forgetDeleted: (callIds) => rewriteKeys(maintenance.pool, callIds),
    async close() {
      reach.close();
      await Promise.all([kysely.destroy(), reader.destroy(), maintenance.kysely.destroy()]);
    },
  };
}

/**
 * Returns the database's name: another one for a dump restored elsewhere, the same for a standby
 * that takes over. Empty if the server does not tell.
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

function openPools(options: PostgresOptions) {
  const { url, timeoutMs, maxConnections } = options;
  const reach = new Reach({
    url,
    timeoutMs,
    onAway: (cause) => options.onAway?.(cause),
    onBack: () => options.onBack?.(),
  });
  const open = (max: number, answerMs: number, settings: SessionSettings): Opened =>
    opened({ ...options, max, answerMs, reach, settings });
  const statementMs = Math.round(timeoutMs * STATEMENT_SHARE);
  const commits = open(maxConnections, timeoutMs, settingsOf(statementMs, timeoutMs));
  const readSettings = settingsOf(READ_TIMEOUT_MS, timeoutMs);
  const reads = open(READERS, READ_TIMEOUT_MS + timeoutMs, readSettings);
  const maintenance = open(1, MAINTENANCE_TIMEOUT_MS, settingsOf(0, 0));
  return { reach, commits, reads, maintenance };
}

/** A session whose client vanishes within a transaction soon releases its row locks. */
function settingsOf(statementMs: number, idleMs: number): SessionSettings {
  return {
    statement_timeout: String(statementMs),
    idle_in_transaction_session_timeout: String(idleMs),
  };
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

interface Opened {
  readonly pool: BoundedPool;
  readonly kysely: Kysely<Schema>;
}

function opened(options: PoolOptions): Opened {
  const pool = new BoundedPool(options);
  const dialect = new PostgresDialect({ pool: pool as unknown as PostgresPool });
  const kysely = new Kysely<Schema>({ dialect });
  return { pool, kysely };
}

/** A statement may touch a row only once: of rows with the same key the last one counts. */
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

/** Uses one statement, so that no commit comes in between. */
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
