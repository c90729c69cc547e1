import { type Kysely, type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import { MarkingState } from '../domain/model/recording-state.ts';
import type {
  RecordingFilter,
  RecordingPage,
  RecordingPlace,
} from '../domain/ports/recording-search.ts';
import { callOf, reasonBits } from './rows/mapping.ts';
import type { Schema } from './rows/schema.ts';
import type { CallTable } from './rows/tables.ts';

/** Rows examined per page: the cost of a search does not grow with the archive. */
const MAX_SCANNED = 10_000;
/** Rows examined first. */
const FIRST_SCANNED = 400;
/** UCCs that get an index walk each; with more, the list of the whole archive is walked. */
const MAX_WALKS = 50;

type Scan = SelectQueryBuilder<Schema, 'calls', CallTable>;
type Kept = SelectQueryBuilder<{ calls: CallTable }, 'calls', CallTable>;

/**
 * Returns recorded calls, newest first. It walks an index in that order from where the page begins,
 * for a bounded number of rows, and filters those by conditions without an index.
 */
export async function searchRecordings(
  kysely: Kysely<Schema>,
  filter: RecordingFilter,
  maxScanned: number = MAX_SCANNED,
): Promise<RecordingPage> {
  if (filter.uccs?.length === 0) return { records: [], next: null };
  // Most pages are full after a few rows.
  const first = await scanPage(kysely, filter, Math.min(FIRST_SCANNED, maxScanned));
  if (first.isFull || first.next === null || maxScanned <= FIRST_SCANNED) return first;
  return scanPage(kysely, filter, maxScanned);
}

async function scanPage(
  kysely: Kysely<Schema>,
  filter: RecordingFilter,
  scanned: number,
): Promise<RecordingPage & { readonly isFull: boolean }> {
  const { limit } = filter;
  // The newest of all are also the newest of each UCC: a share of the rows per UCC is enough.
  const rows = Math.max(limit + 1, Math.floor(scanned / walksOf(filter)));
  const scan = scanOf(kysely, filter, rows);
  const found = await matching(kysely.selectFrom(scan.as('calls')).selectAll(), filter)
    .orderBy('began_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const records = found.slice(0, limit).map(callOf);
  const last = records.at(-1);
  if (found.length > limit && last) return { records, next: placeOf(last), isFull: true };
  return { records, next: await endOfScan(kysely, filter, rows), isFull: false };
}

/** Returns where the scan ended, if it ended at its bound. */
async function endOfScan(
  kysely: Kysely<Schema>,
  filter: RecordingFilter,
  rows: number,
): Promise<RecordingPlace | null> {
  const last = await kysely
    .selectFrom(scanOf(kysely, filter, rows).as('scanned'))
    .select(['began_at', 'id'])
    .orderBy('began_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(rows - 1)
    .executeTakeFirst();
  return last ? { beganAt: Number(last.began_at), id: last.id } : null;
}

function placeOf({ beganAt, id }: RecordingPlace): RecordingPlace {
  return { beganAt, id };
}

/** Counts a walk per UCC, and one for the calls that were transferred to them. */
function walksOf({ uccs = [] }: RecordingFilter): number {
  return uccs.length > MAX_WALKS || uccs.length === 0 ? 1 : uccs.length + 1;
}

/**
 * Chooses the most selective index: that of a correlation id, a party, marked recordings or legal
 * holds; else each UCC's own range, side by side.
 */
function scanOf(kysely: Kysely<Schema>, filter: RecordingFilter, rows: number): Scan {
  const from = kysely.selectFrom('calls').selectAll('calls');
  if (filter.correlationId !== undefined) {
    return newest(from.where('correlation_id', '=', filter.correlationId), filter, rows);
  }
  const party = filter.agent ?? filter.party;
  if (party !== undefined) return partyScan(kysely, { ...filter, party }, rows);
  if (filter.marked === true) {
    return newest(from.where(sql<SqlBool>`marking_state = 1`), filter, rows);
  }
  if (filter.onLegalHold === true) {
    return newest(from.where(sql<SqlBool>`legal_hold is not null`), filter, rows);
  }
  const uccs = (filter.uccs?.length ?? 0) > MAX_WALKS ? [] : (filter.uccs ?? []);
  const [first, ...others] = uccs.map((ucc) =>
    newest(from.where('ucc_name', '=', ucc), filter, rows),
  );
  if (!first) return newest(from, filter, rows);
  others.push(transferredScan(kysely, filter, rows));
  // Each is a subquery: SQLite accepts no `order by` inside a union.
  const all = [first, ...others].map((one, index) =>
    kysely.selectFrom(one.as(`ucc_${index}`)).selectAll(),
  );
  const union = all.reduce((sum, one) => sum.unionAll(one) as typeof sum);
  return newest(kysely.selectFrom(union.as('calls')).selectAll('calls') as Scan, filter, rows);
}

/** Scans calls of other UCCs that were transferred to these while in progress. */
function transferredScan(kysely: Kysely<Schema>, filter: RecordingFilter, rows: number): Scan {
  const uccs = [...(filter.uccs ?? [])];
  const transferred = kysely
    .selectFrom('call_uccs')
    .select('call_id')
    .where('ucc_name', 'in', uccs);
  const from = kysely
    .selectFrom('calls')
    .selectAll('calls')
    .where('ucc_name', 'not in', uccs)
    .where('id', 'in', transferred);
  return newest(from, filter, rows);
}

function partyScan(
  kysely: Kysely<Schema>,
  filter: RecordingFilter & { party: string },
  rows: number,
): Scan {
  let parties = kysely
    .selectFrom('call_parties')
    .select('call_id')
    .where('party_key', '=', filter.party);
  if (filter.agent !== undefined) parties = parties.where('is_agent', '=', 1);
  if (filter.uccs) parties = parties.where(isOfUccs(filter.uccs, sql.ref('call_parties.call_id')));
  if (filter.from !== undefined) parties = parties.where('began_at', '>=', filter.from);
  if (filter.to !== undefined) parties = parties.where('began_at', '<', filter.to);
  const { before } = filter;
  if (before) {
    parties = parties.where(sql<SqlBool>`(began_at, call_id) < (${before.beganAt}, ${before.id})`);
  }
  const newestParties = parties.orderBy('began_at', 'desc').orderBy('call_id', 'desc').limit(rows);
  return kysely
    .selectFrom('calls')
    .selectAll('calls')
    .where('id', 'in', kysely.selectFrom(newestParties.as('theirs')).select('call_id')) as Scan;
}

/** Orders a query as the list, from where the page begins. */
function newest(query: Scan, { from, to, before }: RecordingFilter, rows: number): Scan {
  let scan = query.where('recorded', '=', 1);
  if (from !== undefined) scan = scan.where('began_at', '>=', from);
  if (to !== undefined) scan = scan.where('began_at', '<', to);
  if (before) {
    scan = scan.where(sql<SqlBool>`(began_at, id) < (${before.beganAt}, ${before.id})`);
  }
  return scan.orderBy('began_at', 'desc').orderBy('id', 'desc').limit(rows);
}

/** Adds the conditions on each row examined. */
function matching(query: Kept, filter: RecordingFilter): Kept {
  let rows = query.where('recorded', '=', 1);
  if (filter.uccs) rows = rows.where(isOfUccs(filter.uccs, sql.ref('calls.id')));
  if (filter.marked !== undefined) {
    rows = rows.where('marking_state', filter.marked ? '=' : '<>', MarkingState.Mark);
  }
  if (filter.saving !== undefined) rows = rows.where('saving_state', '=', filter.saving);
  if (filter.status !== undefined) rows = rows.where('status', '=', filter.status);
  if (filter.onLegalHold !== undefined) {
    rows = rows.where('legal_hold', filter.onLegalHold ? 'is not' : 'is', null);
  }
  if (filter.minLengthMs !== undefined) rows = rows.where('length_ms', '>=', filter.minLengthMs);
  if (filter.maxLengthMs !== undefined) rows = rows.where('length_ms', '<=', filter.maxLengthMs);
  if (filter.minGapMs !== undefined) rows = rows.where('gap_ms', '>=', filter.minGapMs);
  if (filter.gapReason !== undefined) {
    const bit = reasonBits([filter.gapReason]);
    rows = rows.where(sql<SqlBool>`(gap_reasons & ${bit}) <> 0`);
  }
  const driving = filter.correlationId === undefined ? (filter.agent ?? filter.party) : undefined;
  const { agent, party } = filter;
  if (agent !== undefined && agent !== driving) rows = rows.where(hasParty(agent, 'agent'));
  if (party !== undefined && party !== driving) rows = rows.where(hasParty(party, 'anybody'));
  return rows;
}

/** True when its own UCC, or one that it was transferred to, is among them. */
function isOfUccs(uccs: readonly string[], callId: RawBuilder<unknown>) {
  const names = sql.join([...uccs]);
  return sql<SqlBool>`(ucc_name in (${names}) or exists (
    select 1 from call_uccs u where u.call_id = ${callId} and u.ucc_name in (${names})))`;
}

function hasParty(key: string, who: 'agent' | 'anybody') {
  const isTheirs = sql`p.began_at = calls.began_at and p.call_id = calls.id`;
  const least = who === 'agent' ? 1 : 0;
  return sql<SqlBool>`exists (
    select 1 from call_parties p where p.party_key = ${key} and p.is_agent >= ${least} and ${isTheirs})`;
}
