import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Adds generations of users and clients: a new one ends the tokens issued before. */
export async function up(db: Kysely<Schema>): Promise<void> {
  for (const table of ['users', 'clients'] as const) {
    await db.schema
      .alterTable(table)
      .addColumn('generation', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
  }
}
