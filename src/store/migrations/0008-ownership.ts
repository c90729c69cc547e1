import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds the owner of the database, and the proof of the master key that it was sealed under. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('ownership')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('folder', 'text', (column) => column.notNull())
    .addColumn('ended', 'integer', (column) => column.notNull())
    .execute();
  await db.insertInto('ownership').values({ id: 1, epoch: 0, folder: '', ended: 1 }).execute();
  await db.schema
    .createTable('key_checks')
    .addColumn('key_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
}
