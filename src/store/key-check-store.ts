import type { SessionRecord } from '../domain/model/recording-session.ts';
import type { KeyCheck, KeyCheckStore, SealedSamples } from '../domain/ports/key-check-store.ts';
import { type Database, openedRows } from './rows/database.ts';
import { segmentOf } from './rows/mapping.ts';
import { derivedOf } from './rows/retention-rows.ts';

export class SqlKeyCheckStore implements KeyCheckStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async checks(): Promise<KeyCheck[]> {
    const rows = await this.#database.kysely.selectFrom('key_checks').selectAll().execute();
    return rows.map(({ key_id, sealed }) => ({
      keyId: key_id,
      sealed: Buffer.from(sealed, 'base64'),
    }));
  }

  async save({ keyId, sealed }: KeyCheck): Promise<void> {
    const row = { key_id: keyId, sealed: sealed.toString('base64') };
    await this.#database.write([{ table: 'key_checks', row }]);
  }

  async keepOnly(keyIds: readonly string[]): Promise<void> {
    await this.#database.change((kysely) =>
      kysely.deleteFrom('key_checks').where('key_id', 'not in', keyIds).execute(),
    );
  }

  async samples(limit: number): Promise<SealedSamples> {
    const database = this.#database;
    const { kysely } = database;
    const sealed = kysely.selectFrom('segments').selectAll().where('wrapped_key', 'is not', null);
    const segments = [];
    for (const order of ['asc', 'desc'] as const) {
      const ordered = sealed.orderBy('call_id', order).orderBy('track').orderBy('segment');
      segments.push(...(await openedRows(database, ordered.limit(limit))));
    }
    const derived = kysely.selectFrom('derived').selectAll().where('wrapped_key', 'is not', null);
    const sessions = kysely.selectFrom('recording_sessions').select('streams').limit(limit);
    return {
      segments: segments.map(segmentOf),
      derived: (await openedRows(database, derived.limit(limit))).map(derivedOf),
      secrets: (await sessions.execute()).flatMap(({ streams }) => secretsOf(streams)),
    };
  }
}

/** Returns the SRTP secrets among the streams that `recording_sessions` keeps. */
export function secretsOf(streams: string): string[] {
  return (JSON.parse(streams) as SessionRecord['streams']).flatMap(({ agreed }) =>
    agreed.srtp ? [agreed.srtp] : [],
  );
}
