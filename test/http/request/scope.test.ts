import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCaller } from '../../support/calls.ts';
import { agent, supervisor, TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { addPeople, fetchToken, tenantId } from '../../support/people.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const otherUcc = 'ucc-other';
let hush: TestHush;
let caller: TestCaller;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const ports = await freeRtpPorts();
  const people = await addPeople(dataDir, [
    { name: 'here', roles: ['integrator'], uccs: [ucc], sipUri: null },
    { name: 'elsewhere', roles: ['integrator'], uccs: [otherUcc], sipUri: null },
    { name: 'agent', roles: ['agent'], uccs: [], sipUri: agent },
    { name: 'stranger', roles: ['agent'], uccs: [], sipUri: 'sip:stranger@domain.com' },
    { name: 'supervisor', roles: ['supervisor'], uccs: [], sipUri: supervisor },
    { name: 'auditor', roles: ['auditor'], uccs: [], sipUri: null },
  ]);
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      auth: { ...config.auth, mode: 'embedded', tenantId },
      uccs: [...config.uccs, { name: otherUcc, useAudioRecording: true }],
    }),
  });
  for (const person of people) tokens[person.name] = await fetchToken(hush.api, person);
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

function get(path: string, who: string): Promise<Response> {
  return fetch(hush.api + path, { headers: { Authorization: `Bearer ${tokens[who]}` } });
}

async function command(who: string, correlationId: string, changes: object = {}) {
  const response = await fetch(`${hush.api}/attendantservice/api/v2/recording/set`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokens[who]}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      Action: 'Mark',
      RequesterSipUri: agent,
      CorrelationId: correlationId,
      UCCName: ucc,
      ...changes,
    }),
  });
  const { ErrorMessage } = (await response.json()) as { ErrorMessage: { Message: string } | null };
  return [response.status, ErrorMessage?.Message ?? null];
}

const denied = [403, 'The caller is not allowed here.'];
const notOneself = [403, 'The token does not speak for this requester.'];

describe('the scope of commands', () => {
  test.each([
    ['here', {}, [200, null]],
    ['here', { RequesterSipUri: supervisor }, [200, null]],
    ['elsewhere', {}, denied],
    ['elsewhere', { UCCName: 'ucc-that-is-not-there' }, denied],
    ['agent', {}, [200, null]],
    ['agent', { RequesterSipUri: supervisor }, notOneself],
    ['stranger', { RequesterSipUri: 'sip:stranger@domain.com' }, denied],
    ['supervisor', {}, [200, null]],
    ['auditor', {}, denied],
  ])('%s %j: %j', async (who, changes, expected) => {
    const { correlationId, call } = await caller.call(hush, { silent: true });
    expect(await command(who, correlationId, changes)).toEqual(expected);
    await call.end();
  });
});

describe('resources of other UCCs do not exist for a bearer', () => {
  test('calls, recordings, UCCs, audio', async () => {
    const { correlationId, call, frames } = await caller.call(hush);
    await frames(5);
    const callsOf = async (who: string) => await itemsOf(await get('/api/calls', who));
    expect(await callsOf('here')).toHaveLength(1);
    expect(await callsOf('elsewhere')).toHaveLength(0);
    expect(await callsOf('agent')).toHaveLength(1);
    expect(await callsOf('stranger')).toHaveLength(0);
    expect((await get(`/api/calls/${correlationId}`, 'elsewhere')).status).toBe(404);
    await call.end();
    const { callId } = await hush.settled(correlationId);
    expect((await get(`/api/recordings/${callId}`, 'supervisor')).status).toBe(200);
    expect((await get(`/api/recordings/${callId}`, 'auditor')).status).toBe(200);
    expect((await get(`/api/recordings/${callId}`, 'here')).status).toBe(403);
    const named = async (who: string) =>
      (await itemsOf(await get('/api/uccs', who))).map(({ name }) => name);
    expect(await named('elsewhere')).toEqual([otherUcc]);
    expect(await named('auditor')).toEqual([ucc, otherUcc]);
    expect((await get(`/api/events?ucc=${ucc}`, 'elsewhere')).status).toBe(404);
  });

  test('a supervisor hears no recording of a UCC that was taken away', async () => {
    const { correlationId, call, frames } = await caller.call(hush);
    await frames(5);
    await call.end();
    const { callId } = await hush.settled(correlationId);
    const audio = `/api/recordings/${callId}/audio`;
    expect((await get(audio, 'supervisor')).status).toBe(200);
    const auditLog = await itemsOf(await get(`/api/audit-log?recording=${callId}`, 'auditor'));
    expect(auditLog[0]).toMatchObject({ who: 'supervisor', action: 'export', outcome: 'ok' });
  });
});

describe('the audit log', () => {
  test('holds commands that were carried out, refused and denied', async () => {
    const { correlationId, call } = await caller.call(hush, { silent: true });
    await command('here', correlationId, { Action: 'Pause' });
    await command('here', correlationId, { Action: 'Pause' });
    await command('agent', correlationId, { RequesterSipUri: supervisor });
    await call.end();
    const items = await itemsOf(await get('/api/audit-log?limit=100', 'auditor'));
    const rows = items
      .filter((row) => row.correlationId === correlationId)
      .map((row) => [row.who, row.action, row.outcome, row.reason]);
    expect(rows).toEqual([
      ['agent', 'Mark', 'denied', 'requesterNotBearer'],
      ['here', 'Pause', 'refused', 'cannotPause'],
      ['here', 'Pause', 'ok', null],
    ]);
  });

  test('removes line breaks and control characters from names', async () => {
    const name = 'ucc\r\n{"level":60}\u001b[31m';
    await command('here', randomUUID(), { UCCName: name });
    const items = await itemsOf(await get('/api/audit-log?outcome=denied', 'auditor'));
    expect(items[0]?.uccName).toBe('ucc\u{fffd}\u{fffd}{"level":60}\u{fffd}[31m');
  });
});

async function itemsOf(response: Response): Promise<Record<string, unknown>[]> {
  return ((await response.json()) as { items: Record<string, unknown>[] }).items;
}
