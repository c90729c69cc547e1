import type { Kysely } from 'kysely';
import type { RowOf } from './mapping.ts';
import {
  appendOnlyTables,
  immutableColumns,
  primaryKeys,
  type Schema,
  type TableName,
} from './schema.ts';

/** One of the two databases, as the store uses it. */
export interface Database {
  readonly kysely: Kysely<Schema>;
  /** Reads what is committed without keeping a commit waiting. */
  readonly reader: Kysely<Schema>;
  /** Inserts or replaces all rows in one transaction; resolves once it is durable. */
  write(rows: readonly RowOf[]): Promise<void>;
  /** Makes the database give up what deleted or overwritten rows left behind. */
  forgetDeleted(): Promise<void>;
  close(): Promise<void>;
}

export type Row = Schema[TableName];
type Value = string | number | null;

/** A row's values in the order in which `upsert` binds them. */
export function columnsOf(row: Row): Value[] {
  return Object.values(row) as Value[];
}

/** `insert ... on conflict do update` for rows of one table; plain where no row ever changes. */
export function upsert(kysely: Kysely<Schema>, table: TableName, rows: readonly Row[]) {
  const keys: readonly string[] = primaryKeys[table];
  const others = Object.keys(rows[0] ?? {}).filter(
    (column) => !keys.includes(column) && !immutableColumns.includes(column),
  );
  const insert = (kysely as unknown as Kysely<Record<string, Record<string, unknown>>>)
    .insertInto(table)
    .values(rows as unknown as Record<string, unknown>[]);
  if (appendOnlyTables.includes(table)) return insert;
  // A row that is all key is there or is not.
  if (others.length === 0) return insert.onConflict((row) => row.columns([...keys]).doNothing());
  return insert.onConflict((conflict) =>
    conflict
      .columns([...keys])
      .doUpdateSet((eb) =>
        Object.fromEntries(others.map((column) => [column, eb.ref(`excluded.${column}`)])),
      ),
  );
}
