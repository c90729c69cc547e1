import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * PostgreSQL leaves a destroyed key in its table's pages until they are rewritten, which is done
 * per partition: 32 partitions of a million recordings' segments are 25 MB each.
 */
const PARTITIONS = { segments: 32, derived: 8 } as const;
const KEYS = { segments: 'call_id, track, segment', derived: 'call_id, kind' } as const;

/** Partitions the tables that hold keys on PostgreSQL; each partition can be rewritten at once. */
export async function up(db: Kysely<Schema>): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) return;
  for (const table of ['segments', 'derived'] as const) {
    const [whole, before] = [sql.table(table), sql.table(`${table}_before`)];
    await sql`alter table ${whole} rename to ${before}`.execute(db);
    await sql`create table ${whole} (like ${before} including defaults)
      partition by hash (call_id)`.execute(db);
    for (let part = 0; part < PARTITIONS[table]; part += 1) {
      await sql`create table ${sql.table(`${table}_${part}`)} partition of ${whole}
        for values with (modulus ${sql.lit(PARTITIONS[table])}, remainder ${sql.lit(part)})`.execute(
        db,
      );
    }
    await sql`insert into ${whole} select * from ${before}`.execute(db);
    // Remains of destroyed keys go with the old table.
    await sql`drop table ${before}`.execute(db);
    await sql`alter table ${whole} add primary key (${sql.raw(KEYS[table])})`.execute(db);
  }
}
