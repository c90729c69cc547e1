import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCaller } from '../../support/calls.ts';
import { supervisor, TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { addPeople, fetchToken, tenantId } from '../../support/people.ts';
import { freeRtpPorts } from '../../support/ports.ts';

/** Tests that alarms, days and reconciliations show each bearer only its own UCCs. */

const otherUcc = 'ucc-other';
let hush: TestHush;
let caller: TestCaller;
const tokens: Record<string, string> = {};
const ids: Record<string, string> = {};

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const ports = await freeRtpPorts();
  const people = await addPeople(dataDir, [
    { name: 'supervisor', roles: ['supervisor'], uccs: [], sipUri: supervisor },
    { name: 'auditor', roles: ['auditor'], uccs: [], sipUri: null },
    { name: 'page', roles: ['integrator'], uccs: [otherUcc], sipUri: null },
  ]);
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      auth: { ...config.auth, mode: 'embedded', tenantId },
      recording: { ...config.recording, mediaStartMs: 1_000 },
      uccs: [...config.uccs, { name: otherUcc, useAudioRecording: true }],
    }),
  });
  for (const person of people) tokens[person.name] = await fetchToken(hush.api, person);
  caller = await TestCaller.open();
  for (const uccName of [ucc, otherUcc]) {
    const { call, correlationId } = await caller.call(hush, { uccName, silent: true });
    ids[uccName] = correlationId;
    await hush.event((e) => e.correlationId === correlationId && e.type === 'alarmRaised');
    await call.end();
    await hush.settled(correlationId);
  }
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
async function ask(who: string, path: string, body?: object): Promise<any> {
  const response = await fetch(hush.api + path, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${tokens[who]}`, 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return response.json();
}

const uccsOf = (list: readonly { uccName: string }[]) => list.map(({ uccName }) => uccName);
const today = () => new Date().toLocaleDateString('en-CA');

it('alarms are limited to the UCCs of the bearer', async () => {
  expect(uccsOf((await ask('supervisor', '/api/alarms')).items)).toEqual([ucc]);
  expect(uccsOf((await ask('auditor', '/api/alarms')).items)).toEqual([otherUcc, ucc]);
  expect((await ask('supervisor', `/api/alarms?ucc=${otherUcc}`)).items).toEqual([]);
  const first = await ask('auditor', '/api/alarms?limit=1');
  const second = await ask('auditor', `/api/alarms?limit=1&cursor=${first.nextCursor}`);
  expect([...uccsOf(first.items), ...uccsOf(second.items)]).toEqual([otherUcc, ucc]);
  expect(second.nextCursor).toBeNull();
});

it('days are limited to the UCCs of the bearer', async () => {
  const own = await ask('supervisor', `/api/assurance/daily?date=${today()}`);
  expect(uccsOf(own.uccs)).toEqual([ucc]);
  expect(uccsOf(own.lookAt)).toEqual([ucc]);
  expect(own.lookAtCount).toBe(1);
  const all = await ask('auditor', `/api/assurance/daily?date=${today()}`);
  expect(uccsOf(all.uccs)).toEqual([ucc, otherUcc]);
});

it('reconciliations treat calls of other UCCs as unknown', async () => {
  const correlationIds = [ids[ucc], ids[otherUcc]];
  const answer = await ask('page', '/api/assurance/reconcile', { correlationIds });
  expect(answer.missing).toEqual([
    { correlationId: ids[ucc], why: 'neverSeen' },
    { correlationId: ids[otherUcc], why: 'nothingKept' },
  ]);
});

it('health is limited to the UCCs of the bearer', async () => {
  expect(await ask('page', `/api/calls/${ids[ucc]}/health`)).toMatchObject({ status: 404 });
  const own = await ask('page', `/api/calls/${ids[otherUcc]}/health`);
  expect(own).toMatchObject({ uccName: otherUcc, verdict: 'missing' });
});
