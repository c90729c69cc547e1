import { type Kysely, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * One order of the events of all UCCs, which a stream of them resumes by. Those of before stand in
 * the order of their times, as far as each UCC's own order lets them.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('events')
    .addColumn('position', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`
    update events set position = placed.position
    from (
      select ucc_name, sequence,
        row_number() over (order by reached, ucc_name, sequence) as position
      from (
        select ucc_name, sequence, max(at) over (partition by ucc_name order by sequence) as reached
        from events
      ) as timed
    ) as placed
    where events.ucc_name = placed.ucc_name and events.sequence = placed.sequence`.execute(db);
  // One process gives them out; a database that looked twice could only refuse a Pause's commit.
  await db.schema.createIndex('events_position').on('events').column('position').execute();
}
