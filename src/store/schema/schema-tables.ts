import {
  type DatabaseMetadataOptions,
  type Kysely,
  SqliteAdapter,
  sql,
  type TableMetadata,
} from 'kysely';
import type { Schema } from '../rows/schema.ts';

/** Returns the tables of the database, or of the schema that Hush uses. */
export async function tablesOf(
  kysely: Kysely<Schema>,
  options: DatabaseMetadataOptions = { withInternalKyselyTables: false },
): Promise<TableMetadata[]> {
  const tables = await kysely.introspection.getTables(options);
  if (kysely.getExecutor().adapter instanceof SqliteAdapter) return tables;
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(kysely);
  return tables.filter(({ schema }) => schema === rows[0]?.name);
}
