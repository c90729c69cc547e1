import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DailySchedule } from '../../../src/domain/assurance/daily-schedule.ts';
import type { DailySummary } from '../../../src/domain/assurance/daily-summary.ts';
import { judge } from '../../../src/domain/assurance/verdict.ts';
import type { AlarmRecord } from '../../../src/domain/model/alarm.ts';
import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { aCall } from '../../store/samples.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';

const HOUR_MS = 3_600_000;
const utc = (text: string) => Date.parse(text);

let store: SqlStore;
let now = 0;
let schedule: DailySchedule | undefined;
let summaries: { date: string; summary: DailySummary }[];
let details: string[];
let heard: () => void;

beforeEach(async () => {
  store = await SqlStore.open(openSqlite(`${temporaryFolder()}/a.sqlite`));
  summaries = [];
  details = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await schedule?.close();
  await store.close();
});

async function start(at: string): Promise<void> {
  now = utc(at);
  schedule = new DailySchedule({
    ...{ store: store.assurance, clock: { now: () => now }, trustedClock: { now: () => now } },
    dailyAt: '07:00',
    ...{ timeZone: 'Europe/Amsterdam', keepAlarmsMs: 30 * 24 * HOUR_MS },
    alarms: { raise: ({ kind, detail }) => details.push(`${kind} ${detail}`) },
    onSummary: (date, summary) => {
      summaries.push({ date, summary });
      heard();
    },
    onError: (cause) => expect(cause).toBeUndefined(),
  });
  await schedule.start();
}

/** Lets the clock show that time, and waits for the summary that is due by it. */
async function until(time: string): Promise<void> {
  const told = new Promise<void>((resolve) => {
    heard = resolve;
  });
  now = utc(time);
  vi.advanceTimersByTime(60_000);
  await told;
}

const keep = (beganAt: number, changes: Partial<CallRecord> = {}) =>
  store.commit({ call: aCall({ beganAt, ...changes }) });

describe('the daily summary', () => {
  it('covers the previous local day, at its local time, also when the clocks change', async () => {
    // Midnight in Amsterdam, on both sides of the night in which the clock is put forward.
    const [first, second] = [utc('2026-03-28T23:00:00Z'), utc('2026-03-29T22:00:00Z')];
    await keep(first - 1, { uccName: 'before' });
    await keep(first, { uccName: 'day', status: 'kept', endedAt: first, lengthMs: 60_000 });
    await keep(second - 1, { uccName: 'day', status: 'destroyed', endedAt: second });
    await keep(second, { uccName: 'after' });
    await start('2026-03-29T05:00:00Z');
    now = utc('2026-03-30T04:59:59Z');
    vi.advanceTimersByTime(60_000);
    expect(summaries).toEqual([]);
    await until('2026-03-30T05:00:30Z');
    const [{ date, summary } = { date: '', summary: undefined }] = summaries;
    expect(date).toBe('2026-03-29');
    expect(summary?.uccs).toMatchObject([
      { uccName: 'day', calls: 2, recorded: 2, kept: 1, destroyed: 1, keptMs: 60_000 },
    ]);
    expect(details).toEqual([expect.stringMatching(/^dailySummary 2026-03-29: 2 calls, /)]);
    await until('2026-03-31T05:00:30Z');
    expect(summaries.map((one) => one.date)).toEqual(['2026-03-29', '2026-03-30']);
  });

  it('is made up for when it fell due while nothing ran', async () => {
    heard = () => undefined;
    await store.assurance.saveAlarm(aSummary(utc('2026-06-01T05:00:00Z')));
    await start('2026-06-02T09:00:00Z');
    await until('2026-06-02T09:00:01Z');
    expect(summaries.map(({ date }) => date)).toEqual(['2026-06-01']);
  });

  it('removes alarms that are too old', async () => {
    const old = aSummary(utc('2026-05-01T05:00:00Z'), '1');
    const young = aSummary(utc('2026-06-01T05:00:00Z'), '2');
    for (const alarm of [old, young]) await store.assurance.saveAlarm(alarm);
    await start('2026-06-01T06:00:00Z');
    await until('2026-06-02T05:00:00Z');
    expect(await store.assurance.alarms({ limit: 9 })).toEqual([young]);
  });
});

describe('a UCC of which nothing is kept', () => {
  it.each<[string, Partial<CallRecord>[], boolean]>([
    ['though its calls were to be recorded', [{ status: 'kept', lengthMs: 0 }], true],
    ['because all were destroyed by flag', [{ status: 'destroyed' }], false],
    ['because nobody asked', [{ recorded: false, status: 'empty' }], false],
    ['but for one call', [{ lengthMs: 0 }, { lengthMs: 9 }], false],
  ])('%s', async (_, calls, nothingKept) => {
    for (const changes of calls) {
      const call = aCall({ status: 'kept', beganAt: utc('2026-06-01T12:00:00Z'), ...changes });
      const health = judge({
        ...{ record: { ...call, endedAt: call.beganAt }, tracks: [], gaps: [], pauses: 0 },
        ...{ readings: new Map(), open: [], alarms: new Set() },
      });
      await store.commit({ call: { ...call, health } });
    }
    await start('2026-06-02T04:00:00Z');
    await until('2026-06-02T05:00:00Z');
    expect(summaries[0]?.summary.uccs[0]?.nothingKept).toBe(nothingKept);
  });
});

function aSummary(at: number, id = '1'): AlarmRecord {
  return {
    ...{ id, kind: 'dailySummary', at, clearedAt: at, detail: '' },
    ...{ callId: null, correlationId: null, uccName: null },
  };
}
