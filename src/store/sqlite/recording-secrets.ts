import { randomBytes } from 'node:crypto';
import { KEY_BYTES, unwrapKey, wrapKey } from '../../protocols/segment/key-wrap.ts';
import type { KeyRow, OwnEpoch } from '../rows/database.ts';
import type { RowOf } from '../rows/mapping.ts';
import type { SqliteClient, Statements } from './sqlite-client.ts';

/**
 * Separates the master key's id, which stays readable, from the part sealed under the recording's
 * secret; older releases had neither.
 */
const SEALED = '.';
/** Length of the master key's id: 6 bytes in base64. */
const ID_LENGTH = 8;
/** Cached secrets of calls in progress and of recently requested recordings. */
const MAX_KNOWN = 10_000;
/** Ids per statement, of whose variables SQLite accepts 32,766. */
const MAX_IDS = 1_000;

/**
 * Seals the wrapped keys of SQLite's rows under a secret of their recording, which is overwritten
 * in place when one of them is destroyed: remains of a row in the file then open nothing
 * (docs/decisions/0015). Writers take turns.
 */
export class RecordingSecrets {
  readonly #client: SqliteClient;
  readonly #epoch: OwnEpoch;
  readonly #known = new Map<string, Buffer>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: SqliteClient, epoch: OwnEpoch) {
    this.#client = client;
    this.#epoch = epoch;
  }

  /** Runs when all earlier turns have ended. */
  exclusively<Result>(run: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Returns the rows as they are stored, and any new secrets to be written before them. Called in
   * its turn.
   */
  async sealed(rows: readonly RowOf[]): Promise<{ rows: RowOf[]; secrets: Statements }> {
    const callIds = new Set(rows.flatMap(({ row }) => (hasKey(row) ? [row.call_id] : [])));
    if (callIds.size === 0) return { rows: [...rows], secrets: [] };
    const secrets = await this.#secretsOf(callIds);
    const made = [...callIds].filter((callId) => !secrets.has(callId));
    for (const callId of made) secrets.set(callId, randomBytes(KEY_BYTES));
    const sealed = rows.map((one): RowOf => {
      if (!hasKey(one.row)) return one;
      const { call_id, wrapped_key } = one.row;
      const key = seal(secrets.get(call_id) as Buffer, call_id, wrapped_key);
      return { ...one, row: { ...one.row, wrapped_key: key } } as RowOf;
    });
    return { rows: sealed, secrets: made.flatMap((callId) => added(callId, secrets.get(callId))) };
  }

  /**
   * Returns rows with their original keys.
   * @param evenDamaged leaves a damaged key as it is: no master key opens it either
   * @throws if the secret was renewed meanwhile, or a row is damaged
   */
  async opened<Row extends KeyRow>(rows: readonly Row[], evenDamaged = false): Promise<Row[]> {
    const isSealed = ({ wrapped_key }: KeyRow) => wrapped_key?.includes(SEALED) === true;
    const callIds = new Set(rows.filter(isSealed).map(({ call_id }) => call_id));
    const secrets = await this.#secretsOf(callIds);
    return rows.map((row) => {
      const { call_id, wrapped_key } = row;
      const secret = secrets.get(call_id);
      if (!isSealed(row) || wrapped_key === null || !secret) return row;
      try {
        return { ...row, wrapped_key: open(secret, call_id, wrapped_key) };
      } catch (cause) {
        if (evenDamaged) return row;
        throw cause;
      }
    });
  }

  /** Replaces keys that are still what they were. */
  replace(table: 'segments' | 'derived', keys: readonly Replaced[]): Promise<void> {
    return this.exclusively(async () => {
      const after = new Map(keys.map((key) => [`${key.callId} ${key.before}`, key.after]));
      const changed = [];
      for (const row of await this.#rowsOf(table, new Set(keys.map(({ callId }) => callId)))) {
        const key = after.get(`${row.call_id} ${row.opened}`);
        if (key !== undefined) changed.push({ ...row, opened: key });
      }
      await this.#write(table, changed, await this.#secretsOf(new Set(changed.map(callIdOf))));
    });
  }

  /** Replaces the recording's secret, and seals the remaining keys under the new one. */
  async renew(callId: string): Promise<void> {
    await this.exclusively(async () => {
      this.#known.delete(callId);
      const secret = randomBytes(KEY_BYTES);
      const overwrite = {
        sql: 'update recording_secrets set secret = ? where id = (select id from recording_secret_of where call_id = ?)',
        rows: [[secret, callId]],
      };
      const ids = new Set([callId]);
      // Keys of an older release are under no secret yet.
      const isNew = (await this.#secretsOf(ids)).size === 0;
      const rows = {
        segments: await this.#rowsOf('segments', ids),
        derived: await this.#rowsOf('derived', ids),
      };
      const secrets = new Map([[callId, secret]]);
      await this.#client.request(
        [
          ...(isNew ? added(callId, secret) : [overwrite]),
          updated('segments', rows.segments, secrets),
          updated('derived', rows.derived, secrets),
        ],
        true,
        this.#epoch.value,
      );
      // A reader may meanwhile have cached the previous secret.
      this.#known.set(callId, secret);
    });
  }

  async #write(
    table: 'segments' | 'derived',
    rows: readonly OpenedRow[],
    secrets: ReadonlyMap<string, Buffer>,
  ): Promise<void> {
    if (rows.length === 0) return;
    await this.#client.request([updated(table, rows, secrets)], true, this.#epoch.value);
  }

  async #rowsOf(table: 'segments' | 'derived', ids: ReadonlySet<string>): Promise<OpenedRow[]> {
    const found: OpenedRow[] = [];
    for (const some of batches(ids)) {
      const answer = await this.#select(
        `select rowid, call_id, wrapped_key from ${table} where wrapped_key is not null and call_id in (${marks(some)})`,
        some,
      );
      const rows = answer as unknown as (KeyRow & { rowid: number; wrapped_key: string })[];
      const opened = await this.opened(rows, true);
      for (const [at, row] of rows.entries()) {
        const key = opened[at]?.wrapped_key ?? SEALED;
        // A damaged key is not sealed anew: nothing opens it as it is.
        if (!key.includes(SEALED)) found.push({ ...row, opened: key });
      }
    }
    return found;
  }

  async #secretsOf(callIds: ReadonlySet<string>): Promise<Map<string, Buffer>> {
    const secrets = new Map<string, Buffer>();
    const unknown = [...callIds].filter((callId) => {
      const known = this.#known.get(callId);
      if (known) secrets.set(callId, known);
      return !known;
    });
    if (this.#known.size > MAX_KNOWN) this.#known.clear();
    for (const some of batches(unknown)) {
      const rows = await this.#select(
        `select call_id, secret from recording_secret_of join recording_secrets using (id) where call_id in (${marks(some)})`,
        some,
      );
      for (const row of rows) {
        const { call_id, secret } = row as { call_id: string; secret: Uint8Array };
        secrets.set(call_id, Buffer.from(secret));
        this.#known.set(call_id, Buffer.from(secret));
      }
    }
    return secrets;
  }

  async #select(sql: string, values: readonly string[]) {
    return (await this.#client.request([{ sql, rows: [[...values]] }], false)).rows ?? [];
  }
}

interface Replaced {
  readonly callId: string;
  readonly before: string;
  readonly after: string;
}

interface OpenedRow {
  readonly rowid: number;
  readonly call_id: string;
  /** The key as it is stored. */
  readonly wrapped_key: string;
  readonly opened: string;
}

function callIdOf({ call_id }: KeyRow): string {
  return call_id;
}

function hasKey(row: object): row is KeyRow & { readonly wrapped_key: string } {
  return 'wrapped_key' in row && row.wrapped_key !== null;
}

function seal(secret: Buffer, callId: string, key: string): string {
  const sealed = wrapKey(secret, Buffer.from(key, 'base64'), Buffer.from(callId));
  return key.slice(0, ID_LENGTH) + SEALED + sealed.toString('base64');
}

function open(secret: Buffer, callId: string, key: string): string {
  const sealed = Buffer.from(key.slice(key.indexOf(SEALED) + 1), 'base64');
  return unwrapKey(secret, sealed, Buffer.from(callId)).toString('base64');
}

function added(callId: string, secret: Buffer | undefined): Statements {
  return [
    { sql: 'insert into recording_secrets (secret) values (?)', rows: [[secret ?? null]] },
    {
      sql: 'insert into recording_secret_of (call_id, id) values (?, last_insert_rowid())',
      rows: [[callId]],
    },
  ];
}

function updated(
  table: 'segments' | 'derived',
  rows: readonly OpenedRow[],
  secrets: ReadonlyMap<string, Buffer>,
): Statements[number] {
  return {
    sql: `update ${table} set wrapped_key = ? where rowid = ? and wrapped_key = ?`,
    rows: rows.map(({ rowid, call_id, wrapped_key, opened }) => {
      const secret = secrets.get(call_id);
      return [secret ? seal(secret, call_id, opened) : opened, rowid, wrapped_key];
    }),
  };
}

function batches(ids: Iterable<string>): string[][] {
  const all = [...ids];
  return Array.from({ length: Math.ceil(all.length / MAX_IDS) }, (_, at) =>
    all.slice(at * MAX_IDS, (at + 1) * MAX_IDS),
  );
}

function marks(values: readonly string[]): string {
  return values.map(() => '?').join(', ');
}
