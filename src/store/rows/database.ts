import type { Kysely } from 'kysely';
import type { ReplacedKey } from '../../domain/ports/retention-store.ts';
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
  /**
   * Reads committed rows without delaying commits: for queries that clients may repeat at will, and
   * for those that may examine many rows.
   */
  readonly reader: Kysely<Schema>;
  /** For long statements: tables that are created or rewritten. */
  readonly maintenance: Kysely<Schema>;
  /** @throws StoreUnavailableError if it does not answer in time */
  mustAnswer(): Promise<void>;
  /**
   * Takes the epoch: writes are refused once another owner follows.
   * @param folder `FolderLock.identity`
   */
  claim(folder: string): Promise<Claim>;
  readonly epoch: OwnEpoch;
  /** Records that the owner stopped in order: its successor need not wait. */
  resign(): Promise<void>;
  /** Inserts or replaces all rows in one transaction; resolves once it is durable. */
  write(rows: readonly RowOf[]): Promise<void>;
  /** Deletes rows and inserts others, in one transaction; resolves once it is durable. */
  remove(removals: readonly Removal[], rows: readonly RowOf[]): Promise<void>;
  /** Runs any other writing statements; on PostgreSQL in one transaction. */
  change<Result>(statements: (kysely: Kysely<Schema>) => Promise<Result>): Promise<Result>;
  /**
   * Returns rows of keys as they were written: a database may hold them sealed once more.
   * @param evenDamaged leaves a damaged key as it is
   * @throws if they changed meanwhile
   */
  opened<Row extends KeyRow>(rows: readonly Row[], evenDamaged?: boolean): Promise<Row[]>;
  /** Replaces keys that are still what they were. */
  replaceKeys(of: 'segments' | 'derived', keys: readonly ReplacedKey[]): Promise<void>;
  /** @throws if an acknowledged commit may be lost, with a sentence for an operator */
  mustBeDurable(): Promise<void>;
  /**
   * Removes the remains of destroyed or replaced keys from the database.
   * @param callIds of the calls whose keys they were; undefined: of any
   */
  forgetDeleted(callIds?: readonly string[]): Promise<void>;
  /** Returns a name unique among all databases; null for SQLite, which is a file. */
  name(): Promise<string | null>;
  close(): Promise<void>;
}

/** Every row of the table whose column has that value. */
export interface Removal {
  readonly table: TableName;
  readonly column: string;
  readonly value: string;
}

export interface Claim {
  readonly epoch: number;
  /** True when the previous owner stopped in order: it told the store all that it knew. */
  readonly inOrder: boolean;
  /** True when the previous owner did not stop in order, and worked on another data folder. */
  readonly mayLive: boolean;
}

/** A read that meets a key's destruction is repeated. */
const MAX_READS = 5;

/** Reads rows of keys as they were written; a damaged one as it is. */
export async function openedRows<Row extends KeyRow>(
  database: Pick<Database, 'opened'>,
  query: { execute(): Promise<Row[]> },
): Promise<Row[]> {
  for (let reads = 1; ; reads += 1) {
    const rows = await query.execute();
    try {
      return await database.opened(rows, reads === MAX_READS);
    } catch (cause) {
      if (reads === MAX_READS) throw cause;
    }
  }
}

export const FOLLOWED = 'another process owns the database';

/**
 * The epoch under which a connection writes; without one, as for a command, nothing is compared.
 */
export class OwnEpoch {
  #value: number | undefined;
  #disowned: Error | undefined;
  /** Called when the database names another epoch. */
  onFollowed: () => void = () => undefined;

  get value(): number | undefined {
    return this.#value;
  }

  claimed({ epoch }: Claim): void {
    this.#value = epoch;
  }

  /** Refuses every write from here on, even if the database cannot be asked. */
  disown(reason: string): void {
    this.#disowned = new Error(reason);
  }

  mustNotBeDisowned(): void {
    if (this.#disowned) throw this.#disowned;
  }

  /** @throws if the database names another epoch */
  mustBe(epoch: unknown): void {
    if (this.#value === undefined || Number(epoch) === this.#value) return;
    this.onFollowed();
    throw new Error(FOLLOWED);
  }
}

/** Takes the next epoch, within a transaction. */
export async function claimEpoch(kysely: Kysely<Schema>, folder: string): Promise<Claim> {
  const before = await kysely
    .updateTable('ownership')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .returningAll()
    .executeTakeFirstOrThrow();
  await kysely.updateTable('ownership').set({ folder, ended: 0 }).execute();
  return {
    epoch: Number(before.epoch),
    inOrder: before.ended !== 0,
    mayLive: before.ended === 0 && before.folder !== folder,
  };
}

export type Row = Schema[TableName];
type Value = string | number | null;

/** Returns a row's values in the order in which `upsert` binds them. */
export function columnsOf(row: Row): Value[] {
  return Object.values(row) as Value[];
}

/** Builds `insert ... on conflict` for rows of one table; repeating it changes nothing. */
export function upsert(kysely: Kysely<Schema>, table: TableName, rows: readonly Row[]) {
  const keys: readonly string[] = primaryKeys[table];
  const others = Object.keys(rows[0] ?? {}).filter(
    (column) => !keys.includes(column) && !immutableColumns.includes(column),
  );
  const insert = (kysely as unknown as Kysely<Record<string, Record<string, unknown>>>)
    .insertInto(table)
    .values(rows as unknown as Record<string, unknown>[]);
  // A row that never changes, or is all key, needs no update.
  if (appendOnlyTables.includes(table) || others.length === 0) {
    return insert.onConflict((row) => row.columns([...keys]).doNothing());
  }
  return insert.onConflict((conflict) =>
    conflict
      .columns([...keys])
      .doUpdateSet((eb) =>
        Object.fromEntries(others.map((column) => [column, eb.ref(`excluded.${column}`)])),
      ),
  );
}

/** A row with a key that belongs to a call. */
export interface KeyRow {
  readonly call_id: string;
  readonly wrapped_key: string | null;
}
