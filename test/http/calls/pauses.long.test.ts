import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LEASES_OF_HOLDER } from '../../../src/domain/model/lease.ts';
import { TestCaller } from '../../support/calls.ts';
import { TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

let hush: TestHush;
let caller: TestCaller;
const alarms: { kind: string; detail: string; callId: string }[] = [];
const logger = pino(
  { level: 'error' },
  {
    write: (line) => {
      const { alarm } = JSON.parse(line) as { alarm?: (typeof alarms)[number] };
      if (alarm) alarms.push(alarm);
    },
  },
);

beforeAll(async () => {
  hush = await TestHush.start({ overrides: { logger } });
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${hush.api}/api/calls/${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const lease = { owner: 'page-1', ttlMs: 60_000 };

describe('/api/calls/{id}/pauses', () => {
  it('takes, shows, renews and releases a pause, beside that of the contract', async () => {
    const { correlationId: id, call } = await caller.call(hush);
    const taken = await ask('POST', `${id}/pauses`, { ...lease, reason: 'card entry' });
    expect(taken.status).toBe(201);
    expect(taken.headers.get('Hush-Sequence')).toMatch(/^\d+$/);
    expect(Date.parse(taken.headers.get('Hush-Effective-At') ?? '')).toBeGreaterThan(0);
    expect(taken.body).toMatchObject({ keepsAudio: false, recordingState: 'Started' });
    expect(taken.body.pauses).toMatchObject([{ owner: 'page-1', reason: 'card entry' }]);
    // The contract shows the api owner only, and its Start lifts nobody else's pause.
    expect((await hush.command('Pause', id)).RecordingState).toBe(3);
    expect((await hush.command('Start', id)).RecordingState).toBe(1);
    const listed = await ask('GET', `${id}/pauses`);
    expect(listed.body).toMatchObject({ keepsAudio: false, pauses: [{ owner: 'page-1' }] });
    const renewed = await ask('PUT', `${id}/pauses/page-1`, { ttlMs: 120_000 });
    expect(renewed.status).toBe(200);
    const [before, after] = [taken, renewed].map(({ body }) => body.pauses[0].expiresAt);
    expect(Date.parse(after) - Date.parse(before)).toBeGreaterThan(50_000);
    const given = await ask('DELETE', `${id}/pauses/page-1`);
    expect(given.body).toMatchObject({ keepsAudio: true, pauses: [] });
    expect((await ask('DELETE', `${id}/pauses/page-1`)).status).toBe(404);
    expect((await ask('PUT', `${id}/pauses/page-1`, {})).status).toBe(404);
    const types = hush.events.filter((event) => event.owner === 'page-1').map(({ type }) => type);
    expect(types).toEqual(['pauseTaken', 'callUpdated', 'pauseReleased']);
    const { items } = await hush.get(`/api/calls/${id}/receipts`);
    expect(items.map((item: { detail: string }) => item.detail)).toEqual([
      'LeaseTaken',
      'RecorderSetToPauseByAgent',
      'RecorderSetToStartByAgent',
      'LeaseRenewed',
      'LeaseReleased',
    ]);
    expect(items[0].streams).toHaveLength(2);
    await call.end();
    await hush.settled(id);
    expect((await hush.get(`/api/calls/${id}/receipts`)).items).toHaveLength(5);
  });

  it('keeps audio again once the last of two owners has released its pause', async () => {
    const { correlationId: id } = await caller.call(hush);
    await ask('POST', `${id}/pauses`, lease);
    await ask('POST', `${id}/pauses`, { ...lease, owner: 'page-2' });
    expect((await ask('DELETE', `${id}/pauses/page-1`)).body.keepsAudio).toBe(false);
    expect((await ask('DELETE', `${id}/pauses/page-2`)).body.keepsAudio).toBe(true);
  });

  it('returns the same lease for a repeated request, whose key serves no other', async () => {
    const { correlationId: id } = await caller.call(hush);
    const key = { 'Idempotency-Key': randomUUID() };
    expect((await ask('POST', `${id}/pauses`, lease, key)).status).toBe(201);
    const again = await ask('POST', `${id}/pauses`, lease, key);
    expect(again.status).toBe(200);
    expect(again.headers.get('Hush-Sequence')).toBeNull();
    const other = { ...lease, ttlMs: 5_000 };
    expect((await ask('POST', `${id}/pauses`, other, key)).status).toBe(422);
    await ask('DELETE', `${id}/pauses/page-1`);
    // Delivered late, it takes no pause that was released before.
    expect((await ask('POST', `${id}/pauses`, lease, key)).status).toBe(409);
    expect((await ask('GET', `${id}/pauses`)).body.keepsAudio).toBe(true);
  });

  it.each([
    ['no time', { owner: 'x' }],
    ['a time of nothing', { owner: 'x', ttlMs: 0 }],
    ['a negative time', { owner: 'x', ttlMs: -5 }],
    ['a time below the least', { owner: 'x', ttlMs: 999 }],
    ['a day', { owner: 'x', ttlMs: 86_400_000 }],
    ['a time beyond all numbers', { owner: 'x', ttlMs: 1e308 }],
    ['half a millisecond', { owner: 'x', ttlMs: 1000.5 }],
    ['a time in words', { owner: 'x', ttlMs: '60000' }],
    ['no owner', { ttlMs: 5_000 }],
    ['the contract’s owner', { owner: 'API', ttlMs: 5_000 }],
    ['the client’s owner', { owner: 'hold', ttlMs: 5_000 }],
    ['an owner of many words', { owner: 'a b\nc', ttlMs: 5_000 }],
    ['an owner without end', { owner: 'x'.repeat(65), ttlMs: 5_000 }],
    ['a look-back beyond the UCC’s', { owner: 'x', ttlMs: 5_000, lookbackMs: 1_000 }],
    ['a look-back beyond all', { owner: 'x', ttlMs: 5_000, lookbackMs: 10_001 }],
    ['what nobody knows', { owner: 'x', ttlMs: 5_000, ttl: 5 }],
  ])('refuses %s, and changes nothing', async (_, body) => {
    const { correlationId: id, call } = await caller.call(hush);
    const before = (await ask('GET', `${id}/pauses`)).body;
    const answer = await ask('POST', `${id}/pauses`, body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('Content-Type')).toContain('application/problem+json');
    expect((await ask('GET', `${id}/pauses`)).body).toEqual(before);
    await call.end();
  });

  longTest(
    'allows a holder a limited number of a thousand owners, and explains the refusals',
    async () => {
      const { correlationId: id, call } = await caller.call(hush);
      const owners = Array.from({ length: 1_000 }, (_, index) => `owner-${index}`);
      const statuses = await Promise.all(
        owners.map(
          async (owner) => (await ask('POST', `${id}/pauses`, { ...lease, owner })).status,
        ),
      );
      expect(statuses.filter((status) => status === 201)).toHaveLength(MAX_LEASES_OF_HOLDER);
      expect(statuses.filter((status) => status === 409)).toHaveLength(
        1_000 - MAX_LEASES_OF_HOLDER,
      );
      expect((await ask('GET', `${id}/pauses`)).body.pauses).toHaveLength(MAX_LEASES_OF_HOLDER);
      await call.end();
    },
  );

  it('If-Match: a command on an older version changes nothing, in both APIs', async () => {
    const { correlationId: id } = await caller.call(hush);
    const version = (await fetch(`${hush.api}/api/calls/${id}`)).headers.get('ETag') ?? '';
    await hush.command('Mark', id);
    const stale = { 'If-Match': version };
    expect((await ask('POST', `${id}/pauses`, lease, stale)).status).toBe(412);
    const command = { Action: 'Pause', CorrelationId: id, UCCName: ucc };
    const send = (ifMatch: string) =>
      fetch(`${hush.api}/attendantservice/api/recording/set`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'If-Match': ifMatch },
        body: JSON.stringify({ ...command, RequesterSipUri: 'sip:agent@domain.com' }),
      });
    const refused = await send(version);
    expect(refused.status).toBe(412);
    expect(await refused.json()).toMatchObject({ RecordingState: 0, CorrelationId: id });
    expect((await send('"nonsense"')).status).toBe(400);
    const { version: current, pausedBy } = await hush.get(`/api/calls/${id}`);
    expect(pausedBy).toEqual([]);
    expect((await send(`"${current}"`)).status).toBe(200);
    expect((await ask('POST', `${id}/pauses`, lease, { 'If-Match': '*' })).status).toBe(201);
  });

  it.each([
    ['keep', { keepsAudio: false, recordingState: 'Started' }, [{ owner: 'brief', expired: true }]],
    ['resume', { keepsAudio: true, recordingState: 'Started' }, []],
    ['stop', { keepsAudio: false, recordingState: 'Stopped' }, []],
  ])('raises an alarm when nobody renews a pause, and then: %s', async (policy, state, pauses) => {
    await fetch(`${hush.api}/api/uccs/${ucc}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ onPauseExpiry: policy }),
    });
    const { correlationId: id, call } = await caller.call(hush);
    await ask('POST', `${id}/pauses`, { owner: 'brief', ttlMs: 1_000 });
    await hush.event((event) => event.correlationId === id && event.type === 'pauseExpired');
    const { body } = await ask('GET', `${id}/pauses`);
    expect(body).toMatchObject(state);
    expect(body.pauses).toMatchObject(pauses);
    expect(
      alarms.filter(({ kind, callId }) => kind === 'pauseExpired' && callId === body.callId),
    ).toHaveLength(1);
    await call.end();
  });

  it('does not expire a renewed pause', async () => {
    const { correlationId: id, call } = await caller.call(hush);
    await ask('POST', `${id}/pauses`, { owner: 'brief', ttlMs: 1_000 });
    await ask('PUT', `${id}/pauses/brief`, { ttlMs: 60_000 });
    await ask('POST', `${id}/pauses`, { owner: 'briefer', ttlMs: 1_000 });
    const expired = await hush.event(
      (event) => event.correlationId === id && event.type === 'pauseExpired',
    );
    expect(expired.owner).toBe('briefer');
    await call.end();
  });

  it('raises one alarm for a contract pause beyond maxPauseMs, which holds', async () => {
    await fetch(`${hush.api}/api/uccs/${ucc}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ maxPauseMs: 200 }),
    });
    const { correlationId: id, call } = await caller.call(hush);
    await hush.command('Pause', id);
    const { callId } = (await ask('GET', `${id}/pauses`)).body;
    const mine = () => alarms.filter((alarm) => alarm.callId === callId);
    await expect.poll(mine).toMatchObject([{ kind: 'pauseExpired', detail: /pause of api/ }]);
    expect((await hush.get(`/api/calls/${id}`)).pausedBy).toEqual(['api']);
    const metrics = await (await fetch(`${hush.api}/metrics`)).text();
    expect(metrics).toMatch(/hush_calls_paused \d/);
    expect(metrics).toMatch(/hush_alarms_total\{kind="pauseExpired"\} \d/);
    await call.end();
  });

  it('answers 404 for an unknown call', async () => {
    expect((await ask('POST', `${randomUUID()}/pauses`, lease)).status).toBe(404);
    expect((await ask('GET', `${randomUUID()}/pauses`)).status).toBe(404);
    expect((await ask('GET', `${randomUUID()}/receipts`)).status).toBe(404);
  });
});
