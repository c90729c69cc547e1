import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** What was given to users and clients ends when their generation rises. */
export async function up(db: Kysely<Schema>): Promise<void> {
  for (const table of ['users', 'clients'] as const) {
    await db.schema
      .alterTable(table)
      .addColumn('generation', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
  }
}
