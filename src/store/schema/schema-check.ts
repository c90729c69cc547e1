import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, type TableMetadata } from 'kysely';
import { primaryKeys, type Schema, type TableName } from '../rows/schema.ts';
import type { Statements } from '../sqlite/sqlite-client.ts';
import { SqliteThreadDialect } from '../sqlite/sqlite-dialect.ts';
import type { SqliteAnswer } from '../sqlite/sqlite-thread.ts';
import { migrateToLatest } from './migrate.ts';
import { SchemaError } from './schema-error.ts';
import { tablesOf } from './schema-tables.ts';

/** Of SQLite alone: `RecordingSecrets`. */
const sqliteTables: readonly string[] = ['recording_secrets', 'recording_secret_of'];
const MAX_TOLD = 5;

type Column = TableMetadata['columns'][number];

let fresh: Promise<TableMetadata[]> | undefined;

/**
 * Compares tables and columns with those of a store that is made anew: a migration that was changed
 * after it had run, or a hand that changed the database, leaves one that starts and cannot work.
 * @throws SchemaError
 */
export async function mustHaveSchema(kysely: Kysely<Schema>): Promise<void> {
  const isSqlite = kysely.getExecutor().adapter instanceof SqliteAdapter;
  fresh ??= freshTables();
  const actual = new Map((await tablesOf(kysely)).map((table) => [table.name, table]));
  const wrong = (await fresh)
    .filter(({ name }) => isSqlite || !sqliteTables.includes(name))
    .flatMap((table) => differences(table, actual.get(table.name)));
  if (wrong.length === 0) return;
  const told = wrong.slice(0, MAX_TOLD).join('; ');
  const more = wrong.length > MAX_TOLD ? ` and ${wrong.length - MAX_TOLD} more` : '';
  throw new SchemaError(
    `The database does not have the tables of this version (${told}${more}): start the version that made it, or restore a backup`,
  );
}

/** What would make a statement fail; what is only more than is needed does not. */
function differences(expected: TableMetadata, actual: TableMetadata | undefined): string[] {
  const { name } = expected;
  if (!actual) return [`${name} is missing`];
  const there = new Map(actual.columns.map((column) => [column.name, column]));
  const known = new Map(expected.columns.map((column) => [column.name, column]));
  const missing = expected.columns.filter((column) => !there.has(column.name));
  // A key column takes no null on PostgreSQL, whatever its migration says.
  const keys: readonly string[] = primaryKeys[name as TableName] ?? [];
  const wanting = actual.columns
    .filter((column) => !keys.includes(column.name))
    .filter((column) => wants(column, known.get(column.name)));
  return [
    ...missing.map((column) => `${name} lacks ${column.name}`),
    ...wanting.map((column) => `${name} wants ${column.name}`),
  ];
}

/** Whether the column takes no row that says nothing of it, or null. */
function wants(actual: Column, expected: Column | undefined): boolean {
  if (actual.isNullable) return false;
  return expected ? expected.isNullable : !actual.hasDefaultValue;
}

async function freshTables(): Promise<TableMetadata[]> {
  const database = new DatabaseSync(':memory:');
  const dialect = new SqliteThreadDialect({
    request: async (statements) => run(database, statements),
  });
  const kysely = new Kysely<Schema>({ dialect });
  try {
    await migrateToLatest(kysely);
    return await tablesOf(kysely);
  } finally {
    database.close();
  }
}

/** In this thread: it takes some ms, and no disk. */
function run(database: DatabaseSync, statements: Statements): SqliteAnswer {
  let rows: SqliteAnswer['rows'] = [];
  for (const { sql, rows: parameters } of statements) {
    const statement = database.prepare(sql);
    for (const values of parameters) rows = statement.all(...values);
  }
  return { id: 0, rows };
}
