import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

export async function up(db: Kysely<Schema>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  await createTrail(db, isSqlite);
  await (isSqlite ? refuseChangesInSqlite(db) : refuseChangesInPostgres(db));
  await db.schema
    .createTable('users')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('roles', 'text', (column) => column.notNull())
    .addColumn('uccs', 'text', (column) => column.notNull())
    .addColumn('sip_uri', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await db.schema
    .createTable('clients')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
}

/** Creates the access trail. Ids rise with time: without row ids SQLite appends to one B-tree. */
async function createTrail(db: Kysely<Schema>, isSqlite: boolean): Promise<void> {
  await db.schema
    .createTable('access_trail')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('who', 'text', (column) => column.notNull())
    .addColumn('client', 'text')
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('door', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text')
    .addColumn('correlation_id', 'text')
    .addColumn('call_id', 'text')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('count', 'integer', (column) => column.notNull())
    .modifyEnd(isSqlite ? sql`without rowid` : sql``)
    .execute();
  // Finds a call's commands; all other reads go from the newest back.
  await db.schema
    .createIndex('access_trail_call')
    .on('access_trail')
    .columns(['call_id', 'id'])
    .execute();
}

async function refuseChangesInSqlite(db: Kysely<Schema>): Promise<void> {
  for (const change of ['update', 'delete']) {
    await sql
      .raw(
        `create trigger access_trail_no_${change} before ${change} on access_trail ` +
          `begin select raise(abort, 'the access trail is append-only'); end`,
      )
      .execute(db);
  }
}

async function refuseChangesInPostgres(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function refuse_access_trail_change() returns trigger language plpgsql as
    $$ begin raise exception 'the access trail is append-only'; end $$
  `.execute(db);
  await sql`
    create trigger access_trail_no_change before update or delete or truncate on access_trail
    for each statement execute function refuse_access_trail_change()
  `.execute(db);
}
