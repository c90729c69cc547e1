import { Kysely, sql } from 'kysely';
import { makePrivateFile } from '../ownership/data-folder.ts';
import { answered } from '../rows/answered.ts';
import {
  claimEpoch,
  columnsOf,
  type Database,
  FOLLOWED,
  OwnEpoch,
  type Removal,
  upsert,
} from '../rows/database.ts';
import type { RowOf } from '../rows/mapping.ts';
import type { Schema, TableName } from '../rows/schema.ts';
import { RecordingSecrets } from './recording-secrets.ts';
import { SqliteClient, type Statements } from './sqlite-client.ts';
import { SqliteThreadDialect } from './sqlite-dialect.ts';
import type { SqliteAnswer } from './sqlite-thread.ts';

/** A query that only probes the database does not wait longer for a stalled disk. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Opens, or creates, the database file. */
export function openSqlite(file: string): Database {
  makePrivateFile(file);
  const client = new SqliteClient(file);
  const kysely = new Kysely<Schema>({ dialect: new SqliteThreadDialect(client) });
  let reading: { client: SqliteClient; kysely: Kysely<Schema> } | undefined;
  const texts = new Map<TableName, string>();
  const epoch = new OwnEpoch();
  const secrets = new RecordingSecrets(client, epoch);
  async function writeRows(rows: readonly RowOf[], before: Statements = []): Promise<void> {
    epoch.mustNotBeDisowned();
    try {
      await secrets.exclusively(async () => {
        const sealed = await secrets.sealed(rows);
        const upserts = statementsOf(kysely, texts, sealed.rows);
        await client.request([...sealed.secrets, ...before, ...upserts], true, epoch.value);
      });
    } catch (cause) {
      if ((cause as Error).message === FOLLOWED) epoch.onFollowed();
      throw cause;
    }
  }
  return {
    kysely,
    epoch,
    // The thread opens it so that it is durable.
    mustBeDurable: async () => undefined,
    name: async () => null,
    maintenance: kysely,
    mustAnswer: () => answered(sql`select 1`.execute(kysely), ANSWER_TIMEOUT_MS),
    ...owned(kysely, epoch),
    ...keysOf({ client, secrets, epoch, reader: () => reading?.kysely }),
    /** A thread of its own, started at first use: a search delays no command's commit. */
    get reader() {
      if (!reading) {
        const own = new SqliteClient(file);
        const dialect = new SqliteThreadDialect(own);
        reading = { client: own, kysely: new Kysely<Schema>({ dialect }) };
      }
      return reading.kysely;
    },
    write: (rows) => writeRows(rows),
    async remove(removals, rows) {
      await writeRows(rows, removals.map(deletionOf));
    },
    async close() {
      await Promise.all([kysely.destroy(), reading?.kysely.destroy()]);
      await Promise.all([client.close(), reading?.client.close()]);
    },
  };
}

function deletionOf({ table, column, value }: Removal): Statements[number] {
  return { sql: `delete from "${table}" where "${column}" = ?`, rows: [[value]] };
}

/** The folder's lock keeps other owners away; the epoch is checked all the same. */
function owned(
  kysely: Kysely<Schema>,
  epoch: OwnEpoch,
): Pick<Database, 'claim' | 'resign' | 'change'> {
  async function change<Result>(
    statements: (one: Kysely<Schema>) => Promise<Result>,
  ): Promise<Result> {
    epoch.mustNotBeDisowned();
    if (epoch.value !== undefined) {
      const row = await kysely.selectFrom('ownership').select('epoch').executeTakeFirst();
      epoch.mustBe(row?.epoch);
    }
    return statements(kysely);
  }
  return {
    change,
    async claim(folder) {
      // No other request writes yet, so none can meet this transaction.
      const claim = await kysely.transaction().execute((one) => claimEpoch(one, folder));
      epoch.claimed(claim);
      return claim;
    },
    async resign() {
      if (epoch.value === undefined) return;
      await change((one) => one.updateTable('ownership').set({ ended: 1 }).execute());
    },
  };
}

interface KeyParts {
  readonly client: SqliteClient;
  readonly secrets: RecordingSecrets;
  readonly epoch: OwnEpoch;
  /** Undefined before its first use. */
  reader(): Kysely<Schema> | undefined;
}

function keysOf({
  client,
  secrets,
  epoch,
  reader,
}: KeyParts): Pick<Database, 'opened' | 'replaceKeys' | 'forgetDeleted'> {
  return {
    opened: (rows, evenDamaged) => secrets.opened(rows, evenDamaged),
    async replaceKeys(of, keys) {
      epoch.mustNotBeDisowned();
      const text = (key: Buffer): string => key.toString('base64');
      await secrets.replace(
        of,
        keys.map(({ callId, before, after }) => ({
          callId,
          before: text(before),
          after: text(after),
        })),
      );
    },
    async forgetDeleted(callIds = []) {
      epoch.mustNotBeDisowned();
      for (const callId of callIds) await secrets.renew(callId);
      const answer = await whileNobodyReads(reader(), () => emptiedLog(client));
      if (answer.rows?.[0]?.busy !== 0) {
        throw new Error('another reader keeps the log of the database from being emptied');
      }
    },
  };
}

/** Runs it between two queries of the reader: one query runs at a time, however many wait. */
function whileNobodyReads<Result>(
  reader: Kysely<Schema> | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  return reader ? reader.connection().execute(run) : run();
}

/**
 * Empties the log: rows are overwritten in place (secure_delete), and the log must not keep their
 * old contents. Commits queue behind this in the thread, so it waits for nobody.
 */
async function emptiedLog(client: SqliteClient): Promise<SqliteAnswer> {
  const once = (sql: string) => client.request([{ sql, rows: [[]] }], false);
  await once('PRAGMA busy_timeout = 50');
  const answer = await once('PRAGMA wal_checkpoint(TRUNCATE)');
  await once('PRAGMA busy_timeout = 5000');
  return answer;
}

/** Returns one statement per table, prepared once in the thread and run once per row. */
function statementsOf(
  kysely: Kysely<Schema>,
  sql: Map<TableName, string>,
  rows: readonly RowOf[],
): Statements {
  const byTable = new Map<TableName, Statements[number]['rows']>();
  for (const { table, row } of rows) {
    if (!sql.has(table)) sql.set(table, upsert(kysely, table, [row]).compile().sql);
    const parameters = byTable.get(table) ?? [];
    parameters.push(columnsOf(row));
    byTable.set(table, parameters);
  }
  return [...byTable].map(([table, parameters]) => ({
    sql: sql.get(table) as string,
    rows: parameters,
  }));
}
