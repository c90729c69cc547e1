import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, type TableMetadata } from 'kysely';
import { primaryKeys, type Schema, type TableName } from '../rows/schema.ts';
import type { Statements } from '../sqlite/sqlite-client.ts';
import { SqliteThreadDialect } from '../sqlite/sqlite-dialect.ts';
import type { SqliteAnswer } from '../sqlite/sqlite-thread.ts';
import { migrateToLatest } from './migrate.ts';
import { SchemaError } from './schema-error.ts';
import { tablesOf } from './schema-tables.ts';

/** Tables of SQLite alone: `RecordingSecrets`. */
const sqliteTables: readonly string[] = ['recording_secrets', 'recording_secret_of'];
const MAX_TOLD = 5;

type Column = TableMetadata['columns'][number];

let fresh: Promise<TableMetadata[]> | undefined;

/**
 * Compares tables and columns with those of a new store: a migration changed after it had run, or a
 * manual change, leaves a database that starts and cannot work.
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

/** Returns differences that would make a statement fail; extra columns do not. */
function differences(expected: TableMetadata, actual: TableMetadata | undefined): string[] {
  const { name } = expected;
  if (!actual) return [`${name} is missing`];
  const there = new Map(actual.columns.map((column) => [column.name, column]));
  const known = new Map(expected.columns.map((column) => [column.name, column]));
  const missing = expected.columns.filter((column) => !there.has(column.name));
  // A key column accepts no null on PostgreSQL, whatever its migration says.
  const keys: readonly string[] = primaryKeys[name as TableName] ?? [];
  const wanting = actual.columns
    .filter((column) => !keys.includes(column.name))
    .filter((column) => wants(column, known.get(column.name)));
  return [
    ...missing.map((column) => `${name} lacks ${column.name}`),
    ...wanting.map((column) => `${name} wants ${column.name}`),
  ];
}

/** True when the column refuses a row that omits it or sets it to null. */
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

/** Runs in this thread: it takes some ms, and no disk. */
function run(database: DatabaseSync, statements: Statements): SqliteAnswer {
  let rows: SqliteAnswer['rows'] = [];
  for (const { sql, rows: parameters } of statements) {
    const statement = database.prepare(sql);
    for (const values of parameters) rows = statement.all(...values);
  }
  return { id: 0, rows };
}
