import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench, problem, problemOf } from '../api-support.ts';

const other = 'ucc-other';
let bench: ApiBench;
let first: string;
let second: string;

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({
      ...config,
      uccs: [...config.uccs, { name: other, useAudioRecording: true }],
    }),
  });
  ({ correlationId: first } = await bench.caller.call(bench.hush));
  ({ correlationId: second } = await bench.caller.call(bench.hush, { uccName: other }));
});
afterAll(() => bench.close());

describe('/api/calls', () => {
  test.each([
    ['', () => [first, second]],
    [`?ucc=${ucc}`, () => [first]],
    [`?ucc=${ucc.toUpperCase()}`, () => [first]],
    [`?ucc=${other}`, () => [second]],
    ['?ucc=nobody', () => []],
    [`?agent=${encodeURIComponent(agent)}`, () => [first, second]],
    [`?agent=${encodeURIComponent(` ${agent.toUpperCase()} `)}`, () => [first, second]],
    [`?agent=${encodeURIComponent('tel:+31880000000')}&ucc=${other}`, () => [second]],
    ['?agent=sip:nobody@domain.com', () => []],
  ])('lists calls by the query %j', async (query, expected) => {
    const { items } = await bench.hush.get(`/api/calls${query}`);
    expect(items.map(({ correlationId }: { correlationId: string }) => correlationId)).toEqual(
      expected(),
    );
  });

  test('refuses a filter given twice', async () => {
    const response = await fetch(`${bench.hush.api}/api/calls?ucc=a&ucc=b`);
    expect(await problemOf(response)).toEqual(
      problem(400, 'Bad request', 'The query has ucc more than once.'),
    );
  });
});

describe('/api/calls/{id}', () => {
  test('finds a call by its id and by its correlation id in any spelling', async () => {
    const byCorrelationId = await bench.hush.get(`/api/calls/${first}`);
    const { id } = byCorrelationId;
    expect(await bench.hush.get(`/api/calls/${id}`)).toEqual(byCorrelationId);
    const spelt = `{${first.toUpperCase()}}`;
    expect(await bench.hush.get(`/api/calls/${spelt}`)).toEqual(byCorrelationId);
  });

  test('shows the call', async () => {
    const { id, beganAt, version, ...call } = await bench.hush.get(`/api/calls/${first}`);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Date(beganAt).toISOString()).toBe(beganAt);
    expect(version).toBe(2);
    const stream = { mixed: false, codec: 'PCMU', encrypted: false, held: false };
    expect(call).toEqual({
      correlationId: first,
      uccName: ucc,
      recordingState: 'Started',
      markingState: 'None',
      savingState: 'None',
      uccNames: [ucc],
      metadataIncomplete: null,
      parties: [
        { aor: agent, name: null, role: 'agent' },
        { aor: 'tel:+31880000000', name: null, role: 'other' },
      ],
      pausedBy: [],
      notKeptSince: null,
      alarms: [],
      streams: [
        { track: 0, label: '1', aor: agent, ...stream },
        { track: 1, label: '2', aor: 'tel:+31880000000', ...stream },
      ],
    });
  });

  test('reports since when nothing is kept, and the history of the call', async () => {
    const { correlationId, call } = await bench.caller.call(bench.hush);
    const before = Date.now();
    await bench.hush.command('Pause', correlationId);
    const paused = await bench.hush.get(`/api/calls/${correlationId}`);
    expect(Date.parse(paused.notKeptSince)).toBeGreaterThanOrEqual(before);
    await bench.hush.command('Start', correlationId);
    expect((await bench.hush.get(`/api/calls/${correlationId}`)).notKeptSince).toBe(null);
    await call.end();
    await bench.hush.settled(correlationId);
    const { items } = await bench.hush.get(`/api/calls/${correlationId}/events`);
    expect(items.map(({ type, action }: Record<string, unknown>) => action ?? type)).toEqual([
      ...['callBegan', 'Pause', 'Start', 'callEnded', 'recordingSaved'],
    ]);
    const gone = await fetch(`${bench.hush.api}/api/calls/${randomUUID()}/events`);
    expect(gone.status).toBe(404);
  });

  test('shows who pauses the recorder', async () => {
    const { correlationId, call } = await bench.caller.call(bench.hush);
    const look = async () => (await bench.hush.get(`/api/calls/${correlationId}`)).pausedBy;
    await bench.hush.command('Pause', correlationId);
    expect(await look()).toEqual(['api']);
    await call.hold();
    expect(await look()).toEqual(['api', 'hold']);
    await bench.hush.command('Start', correlationId);
    expect(await look()).toEqual(['hold']);
    await call.resume();
    expect(await look()).toEqual([]);
    await call.end();
  });

  test.each(['1d6c6a58-6739-4f0c-98ff-0968292c8c30', 'nothing'])('404: %s', async (id) => {
    const response = await fetch(`${bench.hush.api}/api/calls/${id}`);
    expect(await problemOf(response)).toEqual(
      problem(404, 'Not found', 'No such call is in progress.'),
    );
  });
});
