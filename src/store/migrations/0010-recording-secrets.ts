import { type Kysely, SqliteAdapter } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * SQLite copies rows between pages as a table grows, and what it leaves behind of them is not
 * overwritten, `secure_delete` or not. So keys are sealed once more, under a secret of their
 * recording, in rows that never move: all of one size, added in the order of their ids, never
 * deleted, and overwritten in place.
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
