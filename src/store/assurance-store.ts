import type { Kysely } from 'kysely';
import type { AlarmRecord } from '../domain/model/alarm.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { AlarmFilter, AssuranceStore, DayPage } from '../domain/ports/assurance-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { alarmOf, alarmRow } from './rows/assurance-rows.ts';
import type { Database } from './rows/database.ts';
import { callOf } from './rows/mapping.ts';
import type { Schema } from './rows/schema.ts';

/** Variables per statement, of which SQLite accepts 32,766. */
const MAX_IDS = 1_000;

type OpenAlarms = ReturnType<typeof openAlarms>;

function openAlarms(kysely: Kysely<Schema>, at: number) {
  return kysely.updateTable('alarms').set({ cleared_at: at }).where('cleared_at', 'is', null);
}

/** Alarms, and queries of calls for assurance. */
export class SqlAssuranceStore implements AssuranceStore {
  readonly #database: Database;
  readonly #commits: CommitQueue;

  constructor(database: Database, commits: CommitQueue) {
    this.#database = database;
    this.#commits = commits;
  }

  async alarms(filter: AlarmFilter): Promise<AlarmRecord[]> {
    const { uccs, open, kind, from, to, before } = filter;
    if (uccs?.length === 0) return [];
    let query = this.#database.reader
      .selectFrom('alarms')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(filter.limit);
    if (uccs !== undefined) query = query.where('ucc_name', 'in', [...uccs]);
    if (open !== undefined) query = query.where('cleared_at', open ? 'is' : 'is not', null);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (from !== undefined) query = query.where('at', '>=', from);
    if (to !== undefined) query = query.where('at', '<', to);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.execute()).map(alarmOf);
  }

  async alarmsOf(callId: string): Promise<AlarmRecord[]> {
    // An alarm raised a moment ago counts: it was sent before on the same connection.
    const query = this.#kysely.selectFrom('alarms').selectAll().where('call_id', '=', callId);
    return (await query.orderBy('id').execute()).map(alarmOf);
  }

  saveAlarm(alarm: AlarmRecord): Promise<void> {
    return this.#commits.addRows([{ table: 'alarms', row: alarmRow(alarm) }]);
  }

  async endAlarms(at: number, callId: string): Promise<void> {
    // An alarm still being committed would stay open.
    await this.#commits.addRows([]);
    await this.#endOpen(at, (open) => open.where('call_id', '=', callId));
  }

  async endAlarmsOfBefore(raisedUntil: number, at: number): Promise<void> {
    await this.#commits.addRows([]);
    await this.#endOpen(at, (open) => open.where('at', '<=', raisedUntil));
  }

  async forgetAlarms(before: number): Promise<void> {
    await this.#database.change((kysely) =>
      kysely.deleteFrom('alarms').where('at', '<', before).execute(),
    );
  }

  async callsOf({ from, to, uccs, after, limit }: DayPage): Promise<CallRecord[]> {
    if (uccs?.length === 0) return [];
    let query = this.#database.reader
      .selectFrom('calls')
      .selectAll()
      .where('began_at', '>=', from)
      .where('began_at', '<', to)
      .orderBy('began_at')
      .orderBy('id')
      .limit(limit);
    if (uccs !== undefined) query = query.where('ucc_name', 'in', [...uccs]);
    if (after) {
      query = query.where((eb) =>
        eb.or([
          eb('began_at', '>', after.beganAt),
          eb.and([eb('began_at', '=', after.beganAt), eb('id', '>', after.id)]),
        ]),
      );
    }
    return (await query.execute()).map(callOf);
  }

  async callsByCorrelationId(ids: readonly string[]): Promise<CallRecord[]> {
    const calls: CallRecord[] = [];
    for (let first = 0; first < ids.length; first += MAX_IDS) {
      const some = ids.slice(first, first + MAX_IDS);
      const query = this.#database.reader.selectFrom('calls').selectAll();
      const rows = await query.where('correlation_id', 'in', some).execute();
      calls.push(...rows.map(callOf));
    }
    return calls;
  }

  async #endOpen(at: number, which: (open: OpenAlarms) => OpenAlarms): Promise<void> {
    await this.#database.change((kysely) => which(openAlarms(kysely, at)).execute());
  }

  get #kysely(): Kysely<Schema> {
    return this.#database.kysely;
  }
}
