import type { AlarmKind } from '../model/alarm.ts';
import type { AssuranceReason, Verdict } from '../model/call-health.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { AssuranceStore } from '../ports/assurance-store.ts';

/** Outcome of one UCC's calls of a day. */
export interface DailyUcc {
  readonly uccName: string;
  /** Calls that began on the day. */
  calls: number;
  /** Calls whose audio was to be kept. */
  recorded: number;
  kept: number;
  complete: number;
  degraded: number;
  missing: number;
  /** Over before audio could be expected: neither complete nor missing. */
  tooShort: number;
  /** In progress, or recorded by a release without verdicts. */
  unjudged: number;
  /** Destroyed by the saving flag, or the UCC's default. */
  destroyed: number;
  keptMs: number;
  pauses: number;
  unconfirmedFences: number;
  /**
   * True when all recorded calls ended, long enough and not destroyed on purpose, and none is kept.
   */
  nothingKept: boolean;
  readonly alarms: Partial<Record<AlarmKind, number>>;
}

export interface CallToLookAt {
  readonly callId: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly beganAt: number;
  readonly verdict: Verdict;
  readonly reasons: readonly AssuranceReason[];
}

export interface DailySummary {
  readonly from: number;
  readonly to: number;
  readonly uccs: readonly DailyUcc[];
  /** Worst first, at most `MAX_LOOK_AT`. */
  readonly lookAt: readonly CallToLookAt[];
  readonly lookAtCount: number;
}

export const MAX_LOOK_AT = 200;
/** Further alarms of a day are counted by the metrics alone. */
const MAX_ALARMS = 20_000;
const PAGE = 500;

export interface DayQuestion {
  readonly from: number;
  readonly to: number;
  /** Limits the summary to these UCCs, as `uccKey` spells them. */
  readonly uccs?: readonly string[];
}

/** Sums up the calls that began on a day, and the alarms raised on it. */
export async function sumUpDay(
  store: AssuranceStore,
  question: DayQuestion,
): Promise<DailySummary> {
  const uccs = new Map<string, DailyUcc>();
  const of = (name: string): DailyUcc => {
    const ucc = uccs.get(name) ?? emptyUcc(name);
    uccs.set(name, ucc);
    return ucc;
  };
  const missing: CallToLookAt[] = [];
  const degraded: CallToLookAt[] = [];
  let lookAtCount = 0;
  for await (const call of callsOf(store, question)) {
    count(of(call.uccName), call);
    const { health } = call;
    if (health === null || health.verdict === 'complete') continue;
    lookAtCount += 1;
    const list = health.verdict === 'missing' ? missing : degraded;
    if (list.length < MAX_LOOK_AT) list.push(toLookAt(call, health));
  }
  const alarms = await store.alarms({ ...question, limit: MAX_ALARMS });
  for (const { uccName, kind } of alarms) {
    if (uccName === null) continue;
    const ucc = of(uccName);
    ucc.alarms[kind] = (ucc.alarms[kind] ?? 0) + 1;
    if (kind === 'fenceTimeout') ucc.unconfirmedFences += 1;
  }
  for (const ucc of uccs.values()) {
    const ended = ucc.recorded - ucc.unjudged - ucc.destroyed - ucc.tooShort;
    ucc.nothingKept = ended > 0 && ucc.kept === 0;
  }
  const { from, to } = question;
  const lookAt = [...missing, ...degraded].slice(0, MAX_LOOK_AT);
  const sorted = [...uccs.values()].sort((a, b) => (a.uccName < b.uccName ? -1 : 1));
  return { from, to, uccs: sorted, lookAt, lookAtCount };
}

async function* callsOf(store: AssuranceStore, question: DayQuestion): AsyncIterable<CallRecord> {
  let after: CallRecord | undefined;
  for (;;) {
    const page = await store.callsOf({ ...question, limit: PAGE, ...(after ? { after } : {}) });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

function count(ucc: DailyUcc, { recorded, status, health, lengthMs }: CallRecord): void {
  ucc.calls += 1;
  if (!recorded) return;
  ucc.recorded += 1;
  ucc.pauses += health?.pauses ?? 0;
  // Each call is counted once here, whatever happened to its audio.
  if (health === null) ucc.unjudged += 1;
  else if (health.reasons.includes('tooShort')) {
    ucc.tooShort += 1;
    return;
  } else ucc[health.verdict] += 1;
  if (status === 'destroyed' || status === 'deleting') ucc.destroyed += 1;
  if (status !== 'kept') return;
  if ((lengthMs ?? 0) > 0) ucc.kept += 1;
  ucc.keptMs += lengthMs ?? 0;
}

function emptyUcc(uccName: string): DailyUcc {
  return {
    uccName,
    calls: 0,
    recorded: 0,
    kept: 0,
    complete: 0,
    degraded: 0,
    missing: 0,
    tooShort: 0,
    unjudged: 0,
    destroyed: 0,
    keptMs: 0,
    pauses: 0,
    unconfirmedFences: 0,
    nothingKept: false,
    alarms: {},
  };
}

function toLookAt(
  { id: callId, correlationId, uccName, beganAt }: CallRecord,
  { verdict, reasons }: Pick<CallToLookAt, 'verdict' | 'reasons'>,
): CallToLookAt {
  return { callId, correlationId, uccName, beganAt, verdict, reasons };
}
