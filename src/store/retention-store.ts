import { setTimeout as delay } from 'node:timers/promises';
import { type Kysely, type SqlBool, sql } from 'kysely';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { ErasureRecord } from '../domain/model/erasure.ts';
import type { SessionRecord } from '../domain/model/recording-session.ts';
import { MarkingState } from '../domain/model/recording-state.ts';
import type { SegmentRecord } from '../domain/model/segment.ts';
import type {
  DerivedRecord,
  ErasureFilter,
  ExpiryFilter,
  ExpiryPage,
  ReplacedKey,
  RetentionStore,
  SegmentPlace,
} from '../domain/ports/retention-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { secretsOf } from './key-check-store.ts';
import { type Database, openedRows } from './rows/database.ts';
import { callOf, segmentOf } from './rows/mapping.ts';
import { derivedOf, erasureOf } from './rows/retention-rows.ts';
import type { Schema } from './rows/schema.ts';

/** Keys per statement, of whose variables SQLite accepts 32,766. */
const MAX_REPLACED = 500;
/** A reader in the way is mostly gone a moment later. */
const FORGET_ATTEMPTS = 5;
const FORGET_INTERVAL_MS = 200;

/** Erasures, recordings due for destruction, and keys. */
export class SqlRetentionStore implements RetentionStore {
  readonly #database: Database;
  readonly #commits: CommitQueue;
  #forgetting: Promise<void> | undefined;
  #forgettingNext: Promise<void> | undefined;
  /** Calls to forget; undefined stands for all. */
  readonly #toForget: (string | undefined)[] = [];

  constructor(database: Database, commits: CommitQueue) {
    this.#database = database;
    this.#commits = commits;
  }

  async erasures({ callId, unfinished }: ErasureFilter): Promise<ErasureRecord[]> {
    let query = this.#kysely.selectFrom('erasures').selectAll().orderBy('id', 'desc');
    if (callId !== undefined) query = query.where('call_id', '=', callId);
    if (unfinished) query = query.where(sql<SqlBool>`state <> 'done'`);
    return (await query.execute()).map(erasureOf);
  }

  /**
   * Returns a UCC's own recordings and those it took part in, each list in the order of its index.
   */
  async expired({ after, limit, ...filter }: ExpiryPage): Promise<CallRecord[]> {
    const pages = this.#expired(filter).map((query) => {
      let page = query.selectAll().orderBy('began_at').orderBy('id').limit(limit);
      if (after) {
        const { beganAt, id } = after;
        page = page.where(sql<SqlBool>`(began_at, id) > (${beganAt}, ${id})`);
      }
      return page.execute();
    });
    const records = (await Promise.all(pages)).flat().map(callOf);
    const inOrder = records.sort((a, b) => a.beganAt - b.beganAt || (a.id < b.id ? -1 : 1));
    return inOrder.slice(0, limit);
  }

  async expiredCount(filter: ExpiryFilter): Promise<number> {
    const counts = this.#expired(filter).map(async (query) => {
      const row = await query.select((eb) => eb.fn.countAll().as('count')).executeTakeFirst();
      return Number(row?.count ?? 0);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  #expired({ uccName, before, spareMarked }: ExpiryFilter) {
    let query = this.#database.reader
      .selectFrom('calls')
      .where(sql<SqlBool>`status = 'kept'`)
      .where('began_at', '<', before)
      .where('legal_hold', 'is', null);
    if (spareMarked) query = query.where('marking_state', '<>', MarkingState.Mark);
    const own = query.where('ucc_name', '=', uccName);
    const transferred = query.where('id', 'in', (eb) =>
      eb
        .selectFrom('call_uccs')
        .select('call_id')
        .where('ucc_name', '=', uccName)
        .where('began_at', '<', before),
    );
    return [own, transferred];
  }

  async derived(callId: string): Promise<DerivedRecord[]> {
    const query = this.#kysely.selectFrom('derived').selectAll().where('call_id', '=', callId);
    return (await openedRows(this.#database, query)).map(derivedOf);
  }

  async segmentsAfter(place: SegmentPlace | undefined, limit: number): Promise<SegmentRecord[]> {
    // Changes being committed count as well.
    await this.#commits.add({});
    let query = this.#kysely
      .selectFrom('segments')
      .selectAll()
      .where('wrapped_key', 'is not', null)
      .orderBy('call_id')
      .orderBy('track')
      .orderBy('segment')
      .limit(limit);
    if (place) {
      const { callId, track, segment } = place;
      query = query.where(
        sql<SqlBool>`(call_id, track, segment) > (${callId}, ${track}, ${segment})`,
      );
    }
    return (await openedRows(this.#database, query)).map(segmentOf);
  }

  async allDerived(): Promise<DerivedRecord[]> {
    const query = this.#kysely
      .selectFrom('derived')
      .selectAll()
      .where('wrapped_key', 'is not', null);
    return (await openedRows(this.#database, query)).map(derivedOf);
  }

  async replaceKeys(of: 'segments' | 'derived', keys: readonly ReplacedKey[]): Promise<void> {
    for (let first = 0; first < keys.length; first += MAX_REPLACED) {
      await this.#database.replaceKeys(of, keys.slice(first, first + MAX_REPLACED));
    }
  }

  async renewSecrets(
    renew: (sealed: string) => string,
  ): Promise<{ renewed: number; missed: number }> {
    // Changes being committed count as well.
    await this.#commits.add({});
    const rows = await this.#kysely.selectFrom('recording_sessions').selectAll().execute();
    let [renewed, missed] = [0, 0];
    for (const { id, streams: before } of rows) {
      const streams = (JSON.parse(before) as SessionRecord['streams']).map((stream) => {
        const { srtp } = stream.agreed;
        return { ...stream, agreed: { ...stream.agreed, srtp: srtp && renew(srtp) } };
      });
      const after = JSON.stringify(streams);
      if (after === before) continue;
      const { numUpdatedRows } = await this.#database.change((kysely) =>
        kysely
          .updateTable('recording_sessions')
          .set({ streams: after })
          .where('id', '=', id)
          .where('streams', '=', before)
          .executeTakeFirst(),
      );
      if (numUpdatedRows === 0n) missed += 1;
      else renewed += 1;
    }
    return { renewed, missed };
  }

  async sessionSecrets(): Promise<string[]> {
    await this.#commits.add({});
    const rows = await this.#kysely.selectFrom('recording_sessions').select('streams').execute();
    return rows.flatMap(({ streams }) => secretsOf(streams));
  }

  /** Forgets keys; requests made during a run share the next one. */
  forgetKeys(callId?: string): Promise<void> {
    this.#toForget.push(callId);
    if (!this.#forgetting) {
      this.#forgetting = this.#forget().finally(() => {
        this.#forgetting = undefined;
      });
      return this.#forgetting;
    }
    this.#forgettingNext ??= this.#forgetting
      .catch(() => undefined)
      .then(() => {
        this.#forgettingNext = undefined;
        this.#forgetting = this.#forget().finally(() => {
          this.#forgetting = undefined;
        });
        return this.#forgetting;
      });
    return this.#forgettingNext;
  }

  async #forget(): Promise<void> {
    const asked = this.#toForget.splice(0);
    const callIds = asked.filter((callId) => callId !== undefined);
    await this.#commits.add({});
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#database.forgetDeleted(callIds.length < asked.length ? undefined : callIds);
        return;
      } catch (cause) {
        if (attempt === FORGET_ATTEMPTS) throw cause;
        await delay(FORGET_INTERVAL_MS);
      }
    }
  }

  get #kysely(): Kysely<Schema> {
    return this.#database.kysely;
  }
}
