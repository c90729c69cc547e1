import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('uccs')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('use_audio_recording', 'integer', (column) => column.notNull())
    .addColumn('agent_can_edit_audio_recording', 'integer', (column) => column.notNull())
    .addColumn('save_recording_by_default', 'integer', (column) => column.notNull())
    .addColumn('record_from_start', 'integer', (column) => column.notNull())
    .addColumn('agents', 'text', (column) => column.notNull())
    .addColumn('supervisors', 'text', (column) => column.notNull())
    .execute();
  await createCalls(db);
  await createAudio(db);
  await createHistory(db);
}

async function createCalls(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('calls')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('recording_state', 'integer', (column) => column.notNull())
    .addColumn('marking_state', 'integer', (column) => column.notNull())
    .addColumn('saving_state', 'integer', (column) => column.notNull())
    .addColumn('pause_confirmed', 'integer', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('recorded', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('first_sequence', 'bigint', (column) => column.notNull())
    .addColumn('last_sequence', 'bigint', (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('gap_started_at', 'bigint')
    .addColumn('length_ms', 'bigint')
    .addColumn('parties', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('calls_began').on('calls').columns(['began_at', 'id']).execute();
  await db.schema
    .createIndex('calls_ucc_began')
    .on('calls')
    .columns(['ucc_name', 'began_at', 'id'])
    .execute();
  await db.schema.createIndex('calls_correlation').on('calls').column('correlation_id').execute();
}

async function createAudio(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('tracks')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('track', 'integer', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('aor', 'text')
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('codec', 'text', (column) => column.notNull())
    .addColumn('clock_rate', 'integer', (column) => column.notNull())
    .addColumn('start_position', 'bigint')
    .addColumn('end_position', 'bigint')
    .addColumn('initial_reason', 'text')
    .addColumn('packets', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('tracks_key', ['call_id', 'track'])
    .execute();
  await db.schema
    .createTable('segments')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('track', 'integer', (column) => column.notNull())
    .addColumn('segment', 'integer', (column) => column.notNull())
    .addColumn('wrapped_key', 'text')
    .addColumn('closed_by', 'text')
    .addPrimaryKeyConstraint('segments_key', ['call_id', 'track', 'segment'])
    .execute();
  await db.schema
    .createTable('gaps')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('track', 'integer', (column) => column.notNull())
    .addColumn('start', 'bigint', (column) => column.notNull())
    .addColumn('length', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('gaps_key', ['call_id', 'track', 'start'])
    .execute();
}

/** Creates the tables that every command writes: in SQLite one B-tree each, in key order. */
async function createHistory(db: Kysely<Schema>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  const clustered = isSqlite ? sql`without rowid` : sql``;
  await db.schema
    .createTable('UCC_CallDetail')
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('action', 'integer', (column) => column.notNull())
    .addColumn('requester', 'text', (column) => column.notNull())
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('effective_at', 'bigint', (column) => column.notNull())
    .addColumn('streams', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('call_detail_key', ['ucc_name', 'sequence'])
    .modifyEnd(clustered)
    .execute();
  await db.schema
    .createTable('events')
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('action', 'integer')
    .addColumn('requester', 'text')
    .addColumn('recording_state', 'integer', (column) => column.notNull())
    .addColumn('marking_state', 'integer', (column) => column.notNull())
    .addColumn('saving_state', 'integer', (column) => column.notNull())
    .addColumn('gap_started_at', 'bigint')
    .addColumn('gap_ended_at', 'bigint')
    .addPrimaryKeyConstraint('events_key', ['ucc_name', 'sequence'])
    .modifyEnd(clustered)
    .execute();
}
