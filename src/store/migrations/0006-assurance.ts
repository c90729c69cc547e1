import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds the health of calls, and alarms that can be looked up. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable('calls').addColumn('health', 'text').execute();
  await db.schema.alterTable('events').addColumn('alarm', 'text').execute();
  await db.schema
    .createTable('alarms')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('cleared_at', 'bigint')
    .addColumn('call_id', 'text')
    .addColumn('correlation_id', 'text')
    .addColumn('ucc_name', 'text')
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('alarms_call').on('alarms').column('call_id').execute();
  await db.schema.createIndex('alarms_at').on('alarms').column('at').execute();
}
