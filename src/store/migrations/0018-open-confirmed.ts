import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds whether the gate of a started call is known to have opened. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('calls')
    .addColumn('open_confirmed', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
}
