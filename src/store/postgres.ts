import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Database, type Row, upsert } from './database.ts';
import type { RowOf } from './mapping.ts';
import { primaryKeys, type Schema, type TableName } from './schema.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly maxConnections: number;
  /** Loss of an idle connection; the pool opens another one at the next query. */
  onConnectionLost(cause: Error): void;
}

export function openPostgres(options: PostgresOptions): Database {
  const pool = new pg.Pool({ connectionString: options.url, max: options.maxConnections });
  pool.on('error', options.onConnectionLost);
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    kysely,
    reader: kysely,
    async write(rows) {
      const byTable = latestByTable(rows);
      await kysely.transaction().execute(async (transaction) => {
        for (const [table, tableRows] of byTable) {
          await upsert(transaction, table, [...tableRows.values()]).execute();
        }
      });
    },
    async forgetDeleted() {
      await pool.query('VACUUM segments');
      await pool.query('VACUUM derived');
    },
    async close() {
      await kysely.destroy();
    },
  };
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
