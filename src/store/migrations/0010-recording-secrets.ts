import { type Kysely, SqliteAdapter } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * Seals keys once more under a secret of their recording. As a table grows, SQLite copies rows
 * between pages and does not overwrite the old ones, `secure_delete` or not. The secrets are in
 * rows that never move: all of one size, added in the order of their ids, never deleted, and
 * overwritten in place.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  if (!(db.getExecutor().adapter instanceof SqliteAdapter)) return;
  await db.schema
    .createTable('recording_secrets')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('secret', 'blob', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('recording_secret_of')
    .addColumn('call_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('id', 'integer', (column) => column.notNull())
    .execute();
}
