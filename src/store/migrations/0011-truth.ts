import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds what segments held when they were closed, and when audio was expected of each stream. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable('segments').addColumn('sealed', 'text').execute();
  await db.schema.alterTable('tracks').addColumn('presence', 'text').execute();
  await db.schema
    .alterTable('tracks')
    .addColumn('clock_wrong_ms', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
