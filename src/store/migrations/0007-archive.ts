import { type Kysely, SqliteAdapter, sql } from 'kysely';
import { partyKeys } from '../../domain/identifiers/party-keys.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { Schema } from '../rows/schema.ts';

const BATCH = 500;

/** Adds search, erasure, retention and legal hold. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await widenCalls(db);
  await createParties(db);
  await fillParties(db);
  await db.schema
    .alterTable('segments')
    .addColumn('generation', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await createErasures(db);
  await addRetention(db);
}

async function widenCalls(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable('calls').addColumn('gap_ms', 'bigint').execute();
  await db.schema
    .alterTable('calls')
    .addColumn('gap_reasons', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('calls').addColumn('legal_hold', 'text').execute();
  // Rare recordings have an index of their own, in the order of the list.
  await sql`create index calls_marked on calls (began_at, id) where marking_state = 1`.execute(db);
  await sql`create index calls_on_hold on calls (began_at, id) where legal_hold is not null`.execute(
    db,
  );
  await sql`create index calls_kept on calls (ucc_name, began_at, id) where status = 'kept'`.execute(
    db,
  );
}

async function createParties(db: Kysely<Schema>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  await db.schema
    .createTable('call_parties')
    .addColumn('party_key', 'text', (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('is_agent', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('call_parties_key', ['party_key', 'began_at', 'call_id'])
    .modifyEnd(isSqlite ? sql`without rowid` : sql``)
    .execute();
}

async function createErasures(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('erasures')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'bigint')
    .addColumn('end_ms', 'bigint')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('destroyed', 'text', (column) => column.notNull())
    .addColumn('keys_destroyed_at', 'bigint')
    .addColumn('done_at', 'bigint')
    .execute();
  await db.schema.createIndex('erasures_call').on('erasures').column('call_id').execute();
  await sql`create index erasures_unfinished on erasures (id) where state <> 'done'`.execute(db);
  await db.schema
    .createTable('derived')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('wrapped_key', 'text')
    .addPrimaryKeyConstraint('derived_key', ['call_id', 'kind'])
    .execute();
}

/** Adds the retention period of UCCs; 0 keeps recordings until somebody destroys them. */
async function addRetention(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('uccs')
    .addColumn('retention_days', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('uccs')
    .addColumn('retention_spares_marked', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
}

/** Makes recordings of an older release searchable by party as well. */
async function fillParties(db: Kysely<Schema>): Promise<void> {
  for (let after = ''; ; ) {
    const calls = await db
      .selectFrom('calls')
      .select(['id', 'ucc_name', 'began_at', 'parties'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(BATCH)
      .execute();
    for (const { id: call_id, ucc_name, began_at, parties } of calls) {
      const seen = new Map<string, number>();
      for (const { aor, role } of JSON.parse(parties) as CallRecord['parties']) {
        for (const key of partyKeys(aor)) {
          seen.set(key, Math.max(seen.get(key) ?? 0, Number(role === 'agent')));
        }
      }
      const rows = [...seen].map(([party_key, is_agent]) => ({
        party_key,
        began_at,
        call_id,
        ucc_name,
        is_agent,
      }));
      if (rows.length > 0) await db.insertInto('call_parties').values(rows).execute();
    }
    const last = calls.at(-1);
    if (!last) return;
    after = last.id;
  }
}
