import { type Kysely, sql } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * Adds one order of events across UCCs, from which a stream of all UCCs resumes. Earlier events are
 * ordered by time, as far as each UCC's own order allows.
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
  // Not unique: one process assigns positions, and a check could only refuse a Pause's commit.
  await db.schema.createIndex('events_position').on('events').column('position').execute();
}
