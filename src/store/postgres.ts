import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Database, type Row, upsert } from './database.ts';
import type { Schema, TableName } from './schema.ts';

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
    async write(rows) {
      const byTable = new Map<TableName, Row[]>();
      for (const { table, row } of rows) {
        byTable.set(table, [...(byTable.get(table) ?? []), row]);
      }
      await kysely.transaction().execute(async (transaction) => {
        for (const [table, tableRows] of byTable) {
          await upsert(transaction, table, tableRows).execute();
        }
      });
    },
    async forgetDeleted() {
      await pool.query('VACUUM segments');
    },
    async close() {
      await kysely.destroy();
    },
  };
}
