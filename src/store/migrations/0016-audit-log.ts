import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/**
 * Adds the values before and after a change, a command's requester, and an index by correlation id.
 */
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
