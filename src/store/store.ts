import { type SqlBool, sql } from 'kysely';
import { partsInOrder } from '../domain/call/dialogue.ts';
import { SerialQueue } from '../domain/common/serial-queue.ts';
import type { AuditFilter, AuditRecord } from '../domain/model/audit-record.ts';
import type { CallDetailRecord } from '../domain/model/call-detail.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { SeenConfiguration } from '../domain/model/configuration.ts';
import type { GapRecord } from '../domain/model/gap.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';
import type { SessionRecord } from '../domain/model/recording-session.ts';
import type { SegmentRecord } from '../domain/model/segment.ts';
import type { TrackRecord } from '../domain/model/track.ts';
import type { Ucc } from '../domain/model/ucc.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';
import type { AssuranceStore } from '../domain/ports/assurance-store.ts';
import type { ClockAnchorStore } from '../domain/ports/clock-anchor-store.ts';
import type { Doubtful } from '../domain/ports/event-store.ts';
import type { KeyCheckStore } from '../domain/ports/key-check-store.ts';
import type { RecordingFilter, RecordingPage } from '../domain/ports/recording-search.ts';
import type { RetentionStore } from '../domain/ports/retention-store.ts';
import type { Change, Store } from '../domain/ports/store.ts';
import type { WebhookStore } from '../domain/ports/webhook-store.ts';
import { SqlAccountStore } from './account-store.ts';
import { SqlAssuranceStore } from './assurance-store.ts';
import { SqlClockAnchors } from './clock-anchors.ts';
import { CommitQueue } from './commit-queue.ts';
import { SqlKeyCheckStore } from './key-check-store.ts';
import { StoreOwner } from './ownership/store-owner.ts';
import { searchRecordings } from './recording-search.ts';
import { SqlRetentionStore } from './retention-store.ts';
import { auditOf } from './rows/audit-rows.ts';
import { type Database, openedRows } from './rows/database.ts';
import {
  callOf,
  detailOf,
  eventOf,
  gapOf,
  segmentOf,
  sessionOf,
  trackOf,
  uccOf,
} from './rows/mapping.ts';
import { migrateToLatest } from './schema/migrate.ts';
import { mustHaveSchema } from './schema/schema-check.ts';
import { remove } from './taking-back.ts';
import { SqlWebhookStore } from './webhook-store.ts';

/** The query layer shared by both databases. */
export class SqlStore implements Store {
  readonly #database: Database;
  readonly #commits: CommitQueue;
  readonly webhooks: WebhookStore;
  readonly people: AccountStore;
  readonly assurance: AssuranceStore;
  readonly keeping: RetentionStore;
  readonly keyChecks: KeyCheckStore;
  readonly clockAnchors: ClockAnchorStore;
  readonly owner: StoreOwner;
  readonly #takingBack = new SerialQueue();

  private constructor(database: Database) {
    this.#database = database;
    this.#commits = new CommitQueue((rows) => database.write(rows));
    this.webhooks = new SqlWebhookStore(database, this.#commits);
    this.people = new SqlAccountStore(database.kysely, this.#commits);
    this.assurance = new SqlAssuranceStore(database, this.#commits);
    this.keeping = new SqlRetentionStore(database, this.#commits);
    this.keyChecks = new SqlKeyCheckStore(database);
    this.clockAnchors = new SqlClockAnchors(database, this.#commits);
    this.owner = new StoreOwner(database);
  }

  static async open(database: Database): Promise<SqlStore> {
    try {
      await database.mustBeDurable();
      await migrateToLatest(database.maintenance);
      await mustHaveSchema(database.kysely);
    } catch (cause) {
      await database.close().catch(() => undefined);
      throw cause;
    }
    return new SqlStore(database);
  }

  commit(change: Change): Promise<void> {
    return this.#commits.add(change);
  }

  mustAnswer(): Promise<void> {
    return this.#database.mustAnswer();
  }

  takeBack(doubtful: Doubtful): Promise<void> {
    return this.#takingBack.run(() => this.#database.change((kysely) => remove(kysely, doubtful)));
  }

  async uccs(): Promise<Ucc[]> {
    const rows = await this.#database.kysely.selectFrom('uccs').selectAll().execute();
    return rows.map(uccOf);
  }

  async configuration(): Promise<SeenConfiguration | undefined> {
    const { kysely } = this.#database;
    const columns = ['settings', 'secrets'] as const;
    return kysely.selectFrom('configuration').select(columns).executeTakeFirst();
  }

  async unsettledCalls(): Promise<CallRecord[]> {
    const rows = await this.#database.kysely
      .selectFrom('calls')
      .selectAll()
      // Repeats the condition of the index word for word.
      .where(sql<SqlBool>`status in ('live', 'finishing', 'deleting')`)
      .execute();
    return rows.map(callOf);
  }

  async call(id: string): Promise<CallRecord | undefined> {
    const row = await this.#database.kysely
      .selectFrom('calls')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? callOf(row) : undefined;
  }

  async lastCall(correlationId: string): Promise<CallRecord | undefined> {
    const row = await this.#database.kysely
      .selectFrom('calls')
      .selectAll()
      .where('correlation_id', '=', correlationId)
      .orderBy('part', 'desc')
      .orderBy('began_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? callOf(row) : undefined;
  }

  async dialogueParts(of: CallRecord): Promise<CallRecord[]> {
    const { firstPart } = of.dialogue;
    const rows = await this.#database.kysely
      .selectFrom('calls')
      .selectAll()
      .where('correlation_id', '=', of.correlationId)
      .where('part', '>=', firstPart)
      .execute();
    // Calls of older releases all count as part 0: each of them stands alone.
    const records = rows.map(callOf).filter(({ id }) => firstPart > 0 || id === of.id);
    return partsInOrder(records, firstPart);
  }

  async sessions(): Promise<SessionRecord[]> {
    const rows = await this.#database.kysely.selectFrom('recording_sessions').selectAll().execute();
    return rows.map(sessionOf);
  }

  async endSession(id: string): Promise<void> {
    // A session still being committed would come back.
    await this.#commits.add({});
    await this.#database.change((kysely) =>
      kysely.deleteFrom('recording_sessions').where('id', '=', id).execute(),
    );
  }

  recordings(filter: RecordingFilter): Promise<RecordingPage> {
    return searchRecordings(this.#database.reader, filter);
  }

  async auditLog(filter: AuditFilter): Promise<AuditRecord[]> {
    let query = this.#database.reader
      .selectFrom('access_trail')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(filter.limit);
    if (filter.who !== undefined) query = query.where('who', '=', filter.who);
    if (filter.action !== undefined) query = query.where('action', '=', filter.action);
    if (filter.uccName !== undefined) query = query.where('ucc_name', '=', filter.uccName);
    if (filter.callId !== undefined) query = query.where('call_id', '=', filter.callId);
    const { call } = filter;
    if (call !== undefined) {
      query = query.where((eb) =>
        eb.or([eb('call_id', '=', call), eb('correlation_id', '=', call)]),
      );
    }
    if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome);
    if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
    if (filter.to !== undefined) query = query.where('at', '<', filter.to);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    return (await query.execute()).map(auditOf);
  }

  async tracks(callId: string): Promise<TrackRecord[]> {
    const rows = await this.#database.kysely
      .selectFrom('tracks')
      .selectAll()
      .where('call_id', '=', callId)
      .orderBy('track')
      .execute();
    return rows.map(trackOf);
  }

  async segments(callId: string): Promise<SegmentRecord[]> {
    const query = this.#database.kysely
      .selectFrom('segments')
      .selectAll()
      .where('call_id', '=', callId)
      .orderBy('track')
      .orderBy('segment');
    return (await openedRows(this.#database, query)).map(segmentOf);
  }

  async gaps(callId: string): Promise<GapRecord[]> {
    const rows = await this.#database.kysely
      .selectFrom('gaps')
      .selectAll()
      .where('call_id', '=', callId)
      .where('length', '>', 0)
      .orderBy('track')
      .orderBy('start')
      .execute();
    return rows.map(gapOf);
  }

  /**
   * Returns the rows in event order; the table is kept in that order, and the call knows its range.
   */
  async details(call: CallRecord): Promise<CallDetailRecord[]> {
    const rows = await this.#database.kysely
      .selectFrom('UCC_CallDetail')
      .selectAll()
      .where('ucc_name', '=', call.uccName)
      .where('sequence', '>=', call.firstSequence)
      .where('sequence', '<=', call.lastSequence)
      .where('call_id', '=', call.id)
      .orderBy('sequence')
      .execute();
    return rows.map(detailOf);
  }

  async eventsOf(call: CallRecord): Promise<RecordingEvent[]> {
    const rows = await this.#database.kysely
      .selectFrom('events')
      .selectAll()
      .where('ucc_name', '=', call.uccName)
      .where('sequence', '>=', call.firstSequence)
      .where('sequence', '<=', call.lastSequence)
      .where('call_id', '=', call.id)
      .orderBy('sequence')
      .execute();
    return rows.map(eventOf);
  }

  async events(uccName: string, since: number, limit: number): Promise<RecordingEvent[]> {
    const rows = await this.#database.reader
      .selectFrom('events')
      .selectAll()
      .where('ucc_name', '=', uccName)
      .where('sequence', '>', since)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map(eventOf);
  }

  async eventsInOrder(since: number, limit: number): Promise<RecordingEvent[]> {
    const rows = await this.#database.kysely
      .selectFrom('events')
      .selectAll()
      .where('position', '>', since)
      .orderBy('position')
      .limit(limit)
      .execute();
    return rows.map(eventOf);
  }

  async lastPosition(): Promise<number> {
    const row = await this.#database.kysely
      .selectFrom('events')
      .select((eb) => eb.fn.max('position').as('last'))
      .executeTakeFirst();
    return Number(row?.last ?? 0);
  }

  async sequenceAt(uccName: string, position: number): Promise<number> {
    const row = await this.#database.kysely
      .selectFrom('events')
      .select('sequence')
      .where('ucc_name', '=', uccName)
      .where('position', '<=', position)
      // Newest first: only the events a client missed are read, not the whole history.
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    return Number(row?.sequence ?? 0);
  }

  async positionAfter(uccName: string, sequence: number): Promise<number | undefined> {
    const row = await this.#database.kysely
      .selectFrom('events')
      .select('position')
      .where('ucc_name', '=', uccName)
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? undefined : Number(row.position);
  }

  async lastSequences(): Promise<Map<string, number>> {
    const rows = await this.#database.reader
      .selectFrom('events')
      .select(['ucc_name', (eb) => eb.fn.max('sequence').as('last')])
      .groupBy('ucc_name')
      .execute();
    return new Map(rows.map((row) => [row.ucc_name, Number(row.last)]));
  }

  async destroyKeys(callId: string): Promise<void> {
    // A segment still being committed would bring its key back: earlier changes go first.
    await this.#commits.add({});
    await this.#database.change(async (kysely) => {
      for (const table of ['segments', 'derived'] as const) {
        const keys = kysely.updateTable(table).set({ wrapped_key: null });
        await keys.where('call_id', '=', callId).execute();
      }
    });
  }

  async close(): Promise<void> {
    await this.#commits.drained();
    await this.owner.resign();
    await this.#database.close();
  }
}
