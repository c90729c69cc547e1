import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds when the wall clock was believed, the identity of the store, and its owner's place. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('clock_anchors')
    .addColumn('boot_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('belief', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('monotonic_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.alterTable('ownership').addColumn('instance', 'text').execute();
  await db.schema.alterTable('ownership').addColumn('place', 'text').execute();
}
