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
   * Reads what is committed without keeping a commit waiting: whatever a client may ask for as
   * often as it likes, and whatever may look at many rows.
   */
  readonly reader: Kysely<Schema>;
  /** For what may take long: tables that are made, or made anew. */
  readonly maintenance: Kysely<Schema>;
  /** @throws StoreUnavailableError where it does not answer in time */
  mustAnswer(): Promise<void>;
  /**
   * From here on the epoch is ours, and what is written is refused once another one follows it.
   * @param folder `FolderLock.identity`
   */
  claim(folder: string): Promise<Claim>;
  readonly epoch: OwnEpoch;
  /** The owner has stopped in order: whoever follows waits for nothing. */
  resign(): Promise<void>;
  /** Inserts or replaces all rows in one transaction; resolves once it is durable. */
  write(rows: readonly RowOf[]): Promise<void>;
  /** Takes rows away and inserts others, in one transaction; resolves once it is durable. */
  remove(removals: readonly Removal[], rows: readonly RowOf[]): Promise<void>;
  /** Statements of any other kind that write; on PostgreSQL in one transaction. */
  change<Result>(statements: (kysely: Kysely<Schema>) => Promise<Result>): Promise<Result>;
  /**
   * Rows of keys as they were written: a database may hold them sealed once more.
   * @param evenDamaged leaves one that does not open as it is
   * @throws where they changed meanwhile
   */
  opened<Row extends KeyRow>(rows: readonly Row[], evenDamaged?: boolean): Promise<Row[]>;
  /** Puts other keys in the place of those that are still what they were. */
  replaceKeys(of: 'segments' | 'derived', keys: readonly ReplacedKey[]): Promise<void>;
  /** @throws where an acknowledged commit may be lost, with a sentence for an operator */
  mustBeDurable(): Promise<void>;
  /**
   * Makes the database give up what destroyed or replaced keys left behind.
   * @param callIds of the calls whose keys they were; undefined: of any
   */
  forgetDeleted(callIds?: readonly string[]): Promise<void>;
  /** Names the database among all others; null of SQLite, which is a file. */
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
  /** The owner before did not stop in order, and worked on another data folder. */
  readonly mayLive: boolean;
}

/** Whoever reads while a key is destroyed reads again. */
const MAX_READS = 5;

/** Rows of keys, read as one: as they were written, and one that is damaged as it is. */
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

/** The epoch under which a connection writes; without one, as of a command, nothing is compared. */
export class OwnEpoch {
  #value: number | undefined;
  #disowned: Error | undefined;
  /** Called where the database names another one. */
  onFollowed: () => void = () => undefined;

  get value(): number | undefined {
    return this.#value;
  }

  claimed({ epoch }: Claim): void {
    this.#value = epoch;
  }

  /** Nothing is written from here on, also where the database cannot be asked. */
  disown(reason: string): void {
    this.#disowned = new Error(reason);
  }

  mustNotBeDisowned(): void {
    if (this.#disowned) throw this.#disowned;
  }

  /** @throws where the database names another epoch */
  mustBe(epoch: unknown): void {
    if (this.#value === undefined || Number(epoch) === this.#value) return;
    this.onFollowed();
    throw new Error(FOLLOWED);
  }
}

/** In a transaction: takes the next epoch. */
export async function claimEpoch(kysely: Kysely<Schema>, folder: string): Promise<Claim> {
  const before = await kysely
    .updateTable('ownership')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .returningAll()
    .executeTakeFirstOrThrow();
  await kysely.updateTable('ownership').set({ folder, ended: 0 }).execute();
  return {
    epoch: Number(before.epoch),
    mayLive: before.ended === 0 && before.folder !== folder,
  };
}

export type Row = Schema[TableName];
type Value = string | number | null;

/** A row's values in the order in which `upsert` binds them. */
export function columnsOf(row: Row): Value[] {
  return Object.values(row) as Value[];
}

/** `insert ... on conflict` for rows of one table: the same again changes nothing. */
export function upsert(kysely: Kysely<Schema>, table: TableName, rows: readonly Row[]) {
  const keys: readonly string[] = primaryKeys[table];
  const others = Object.keys(rows[0] ?? {}).filter(
    (column) => !keys.includes(column) && !immutableColumns.includes(column),
  );
  const insert = (kysely as unknown as Kysely<Record<string, Record<string, unknown>>>)
    .insertInto(table)
    .values(rows as unknown as Record<string, unknown>[]);
  // A row that never changes, or is all key, is there or is not.
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

/** A row with the key of something that belongs to a call. */
export interface KeyRow {
  readonly call_id: string;
  readonly wrapped_key: string | null;
}
