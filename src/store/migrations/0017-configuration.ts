import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** What the configuration said at the last start: a change of it is told at the next. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('configuration')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('secrets', 'text')
    .execute();
}
