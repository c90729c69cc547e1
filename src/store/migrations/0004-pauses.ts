import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds leases, pause settings, and the state that carries a call across processes. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('uccs')
    .addColumn('on_pause_expiry', 'text', (column) => column.notNull().defaultTo('keep'))
    .execute();
  await db.schema
    .alterTable('uccs')
    .addColumn('max_pause_ms', 'integer', (column) => column.notNull().defaultTo(900_000))
    .execute();
  await db.schema
    .alterTable('uccs')
    .addColumn('pause_lookback_ms', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('calls').addColumn('paused_at', 'bigint').execute();
  await db.schema
    .alterTable('calls')
    .addColumn('leases', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('tracks').addColumn('clock_origin', 'text').execute();
  await db.schema
    .alterTable('tracks')
    .addColumn('reason_changes', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('events').addColumn('owner', 'text').execute();
  await db.schema
    .createTable('recording_sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('streams', 'text', (column) => column.notNull())
    .addColumn('signalling', 'text', (column) => column.notNull())
    .execute();
}
