import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds the configuration of the last start: the next start reports changes of it. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('configuration')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('secrets', 'text')
    .execute();
}
