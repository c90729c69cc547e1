import { describe, expect, it } from 'vitest';
import { judge } from '../../src/domain/assurance/verdict.ts';
import type { AlarmRecord } from '../../src/domain/model/alarm.ts';
import type { CallHealth } from '../../src/domain/model/call-health.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, anEvent, at } from './samples.ts';

function anAlarm(number: number, changes: Partial<AlarmRecord> = {}): AlarmRecord {
  return {
    id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    kind: 'mediaMissing',
    at: at + number,
    clearedAt: null,
    callId: 'call',
    correlationId: 'correlation',
    uccName: 'sales',
    detail: "nobody's audio — none",
    ...changes,
  };
}

const health: CallHealth = judge({
  record: aCall({ endedAt: at + 60_000 }),
  tracks: [],
  gaps: [],
  pauses: 2,
  readings: new Map(),
  open: [],
  alarms: new Set(['storageFailed' as const]),
});

describe.each(databaseKinds)('assurance on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  const store = () => fixture.store.assurance;

  it('stores the verdict with the call, and the alarm with its event', async () => {
    const call = aCall({ health });
    const event = { ...anEvent(call, 1), type: 'alarmRaised', alarm: 'mediaStopped' } as const;
    const alarm = anAlarm(1, { callId: call.id });
    await fixture.store.commit({ call, event, alarms: [alarm] });
    expect(await fixture.store.call(call.id)).toEqual(call);
    expect(health).toMatchObject({ verdict: 'degraded', pauses: 2 });
    expect(await fixture.store.events('sales', 0, 10)).toEqual([event]);
    expect(await store().alarmsOf(call.id)).toEqual([alarm]);
  });

  it('lists alarms newest first, in pages, by UCC, open or cleared', async () => {
    const alarms = [
      anAlarm(1),
      anAlarm(2, { uccName: 'support', kind: 'mediaStopped' }),
      anAlarm(3, { uccName: null, callId: null, correlationId: null, clearedAt: at + 3 }),
    ];
    for (const alarm of alarms) await store().saveAlarm(alarm);
    const numbers = async (filter: object) =>
      (await store().alarms({ limit: 10, ...filter })).map((alarm) => alarm.at - at);
    expect(await store().alarms({ limit: 10 })).toEqual([...alarms].reverse());
    expect(await numbers({ limit: 2 })).toEqual([3, 2]);
    expect(await numbers({ before: anAlarm(2).id })).toEqual([1]);
    expect(await numbers({ uccs: ['sales', 'support'] })).toEqual([2, 1]);
    expect(await numbers({ uccs: [] })).toEqual([]);
    expect(await numbers({ open: true })).toEqual([2, 1]);
    expect(await numbers({ open: false })).toEqual([3]);
    expect(await numbers({ kind: 'mediaStopped' })).toEqual([2]);
    expect(await numbers({ from: at + 2, to: at + 3 })).toEqual([2]);
  });

  it('ends the open alarms of one call, or all of them, and leaves the rest', async () => {
    await store().saveAlarm(anAlarm(1, { clearedAt: at + 5 }));
    await store().saveAlarm(anAlarm(2));
    await store().saveAlarm(anAlarm(3, { callId: 'other' }));
    await store().endAlarms(at + 9, 'call');
    const cleared = async () => (await store().alarms({ limit: 9 })).map((one) => one.clearedAt);
    expect(await cleared()).toEqual([null, at + 9, at + 5]);
    await store().saveAlarm(anAlarm(7));
    await store().endAlarmsOfBefore(at + 6, at + 11);
    expect(await cleared()).toEqual([null, at + 11, at + 9, at + 5]);
  });

  it('forgets old alarms', async () => {
    for (const number of [1, 2, 3]) await store().saveAlarm(anAlarm(number));
    await store().forgetAlarms(at + 3);
    expect(await store().alarms({ limit: 9 })).toEqual([anAlarm(3)]);
  });

  it('finds the calls of a day in pages, and calls by many correlation ids', async () => {
    const calls = [0, 1, 2, 3].map((number) =>
      aCall({ beganAt: at + number, recorded: number > 0, uccName: number === 2 ? 'b' : 'sales' }),
    );
    for (const call of calls) await fixture.store.commit({ call });
    const day = { from: at, to: at + 3, limit: 2 };
    const first = await store().callsOf(day);
    expect(first).toEqual(calls.slice(0, 2));
    const last = first[1];
    expect(await store().callsOf({ ...day, ...(last ? { after: last } : {}) })).toEqual([calls[2]]);
    expect(await store().callsOf({ ...day, uccs: ['b'] })).toEqual([calls[2]]);
    expect(await store().callsOf({ ...day, uccs: [] })).toEqual([]);
    const ids = Array.from({ length: 2_500 }, (_, index) => `none-${index}`);
    const asked = [...ids, ...calls.map(({ correlationId }) => correlationId)];
    const found = await store().callsByCorrelationId(asked);
    expect(found.map(({ id }) => id).sort()).toEqual(calls.map(({ id }) => id).sort());
  });
});
