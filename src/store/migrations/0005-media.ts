import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds streams that carry several parties, and digits that are heard. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('tracks')
    .addColumn('mixed', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('uccs')
    .addColumn('suppress_dtmf', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
  // Sessions of the previous release lack data about their streams: their clients start anew.
  await db.deleteFrom('recording_sessions').execute();
}
