import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** What a change changed, whom a command named as its requester, and rows by correlation id. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable('access_trail').addColumn('requester', 'text').execute();
  await db.schema.alterTable('access_trail').addColumn('before', 'text').execute();
  await db.schema.alterTable('access_trail').addColumn('after', 'text').execute();
  // A refused command names a dialogue, and no call.
  await db.schema
    .createIndex('access_trail_correlation')
    .on('access_trail')
    .columns(['correlation_id', 'id'])
    .execute();
}
