import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds dialogues: the order of their parts, the UCCs of a call, and its pending settlement. */
export async function up(db: Kysely<Schema>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  await db.schema
    .alterTable('calls')
    .addColumn('part', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('calls').addColumn('dialogue', 'text').execute();
  await db.schema
    .createIndex('calls_parts')
    .on('calls')
    .columns(['correlation_id', 'part'])
    .execute();
  await sql`create index calls_unsettled on calls (id)
    where status in ('live', 'finishing', 'deleting')`.execute(db);
  await db.schema
    .createTable('call_uccs')
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('call_uccs_key', ['ucc_name', 'began_at', 'call_id'])
    .modifyEnd(isSqlite ? sql`without rowid` : sql``)
    .execute();
  await db.schema.createIndex('call_uccs_call').on('call_uccs').column('call_id').execute();
}
