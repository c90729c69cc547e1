import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

const DELETE_GRACE_MS = 1_200;
const INHERIT_MS = 3_500;
const records = { useAudioRecording: true, agentCanEditAudioRecording: true, agents: [agent] };
const uccs: Config['uccs'] = [
  { name: ucc, ...records },
  { name: 'forgets', ...records, saveRecordingByDefault: false },
  { name: 'waits', ...records, recordFromStart: false },
  { name: 'resumes', ...records, onPauseExpiry: 'resume' },
];

let now = () => Date.now();
let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      uccs,
      recording: {
        ...config.recording,
        ...{ deleteGraceMs: DELETE_GRACE_MS, inheritMs: INHERIT_MS },
      },
    }),
    overrides: { clock: { now: () => now() } },
  });
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

interface Shown {
  readonly id: string;
  readonly status: string;
}

/** The oldest first. */
async function parts(correlationId: string): Promise<Shown[]> {
  const { items } = await hush.get<{ items: Shown[] }>(
    `/api/recordings?correlationId=${correlationId}`,
  );
  return items.reverse();
}

async function statuses(correlationId: string): Promise<string[]> {
  return (await parts(correlationId)).map(({ status }) => status);
}

async function audioStatuses(correlationId: string): Promise<number[]> {
  const answers = (await parts(correlationId)).map(async ({ id }) => {
    const answer = await fetch(`${hush.api}/api/recordings/${id}/audio`);
    await answer.body?.cancel();
    return answer.status;
  });
  return Promise.all(answers);
}

async function part(correlationId: string, uccName: string = ucc): Promise<MarkerCall> {
  const call = await caller.call(hush, { correlationId, uccName });
  await call.frames(15);
  return call;
}

async function ended({ call, correlationId }: MarkerCall): Promise<void> {
  const before = hush.events.length;
  await call.end();
  await hush.event(
    (event) =>
      event.correlationId === correlationId &&
      event.type === 'callEnded' &&
      hush.events.indexOf(event) >= before,
  );
}

async function said(action: string, correlationId: string, more: object = {}): Promise<void> {
  expect(await hush.command(action, correlationId, more)).toMatchObject({ ErrorMessage: null });
}

function look(correlationId: string) {
  return hush.get(`/api/calls/${correlationId}`);
}

describe('a saving flag applies to all parts of the dialogue', () => {
  it('a Delete in part two hides all parts, and destroys keys after the grace', async () => {
    const correlationId = randomUUID();
    await ended(await part(correlationId));
    await expect.poll(() => statuses(correlationId)).toEqual(['kept']);
    const second = await part(correlationId);
    await said('Delete', correlationId);
    expect((await parts(correlationId))[0]).toMatchObject({
      ...{ status: 'deleting', savingState: 'Delete' },
    });
    expect(await audioStatuses(correlationId)).toEqual([410, 409]);
    await ended(second);
    await expect.poll(() => audioStatuses(correlationId)).toEqual([410, 410]);
    expect(await statuses(correlationId)).toEqual(['deleting', 'deleting']);
    await expect
      .poll(() => statuses(correlationId), { timeout: 5_000 })
      .toEqual(['destroyed', 'destroyed']);
  });

  it.each([
    ['Delete in the first part, Save in the second', ucc, 'Delete'],
    ['nothing in the first part, which its UCC destroys, Save in the second', 'forgets', 'Mark'],
  ])('keeps both parts after %s', async (_, uccName, first) => {
    const correlationId = randomUUID();
    const one = await part(correlationId, uccName);
    await said(first, correlationId, { UCCName: uccName });
    await ended(one);
    expect(await statuses(correlationId)).toEqual(['deleting']);
    expect(await audioStatuses(correlationId)).toEqual([410]);
    const two = await part(correlationId, uccName);
    await said('Save', correlationId, { UCCName: uccName });
    await ended(two);
    await expect.poll(() => statuses(correlationId)).toEqual(['kept', 'kept']);
    expect(await audioStatuses(correlationId)).toEqual([200, 200]);
  });

  it('the last of Save, Delete and Save wins, each in a part of its own', async () => {
    const correlationId = randomUUID();
    for (const action of ['Save', 'Delete', 'Save']) {
      const call = await part(correlationId);
      await said(action, correlationId);
      await ended(call);
    }
    await expect.poll(() => statuses(correlationId)).toEqual(['kept', 'kept', 'kept']);
  });

  longTest(
    'a UCC’s default destroys the recording when the dialogue is over, not before',
    async () => {
      const correlationId = randomUUID();
      await ended(await part(correlationId, 'forgets'));
      const endedAt = performance.now();
      await expect
        .poll(() => statuses(correlationId), { timeout: INHERIT_MS + 3_000, interval: 20 })
        .toEqual(['destroyed']);
      expect(performance.now() - endedAt).toBeGreaterThan(INHERIT_MS - 500);
    },
  );

  it('a legal hold keeps a recording that waits for its destruction', async () => {
    const correlationId = randomUUID();
    const call = await part(correlationId);
    await said('Delete', correlationId);
    await ended(call);
    const [recording] = await parts(correlationId);
    const answer = await fetch(`${hush.api}/api/recordings/${recording?.id}/legal-hold`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ reason: 'case 7' }),
    });
    expect(answer.status).toBe(200);
    await expect.poll(() => statuses(correlationId)).toEqual(['kept']);
  });
});

describe('the next part inherits commands', () => {
  it('a Start, when recording is off by default', async () => {
    const correlationId = randomUUID();
    const first = await part(correlationId, 'waits');
    await said('Start', correlationId, { UCCName: 'waits' });
    await first.frames(40);
    await ended(first);
    const second = await part(correlationId, 'waits');
    expect(await look(correlationId)).toMatchObject({ recordingState: 'Started', pausedBy: [] });
    await ended(second);
    await expect.poll(() => statuses(correlationId)).toEqual(['kept', 'kept']);
  });

  it.each([3_600_000, -3_600_000])('a Pause, with a wall clock stepped by %i ms', async (step) => {
    const correlationId = randomUUID();
    const first = await part(correlationId);
    await said('Pause', correlationId);
    await ended(first);
    now = () => Date.now() + step;
    const second = await part(correlationId);
    expect(await look(correlationId)).toMatchObject({ pausedBy: ['api'] });
    now = () => Date.now();
    await ended(second);
  });

  longTest('none once the dialogue is over, however the wall clock was stepped back', async () => {
    const correlationId = randomUUID();
    const first = await part(correlationId);
    await said('Pause', correlationId);
    await ended(first);
    await new Promise((resolve) => setTimeout(resolve, INHERIT_MS + 100));
    now = () => Date.now() - 3_600_000;
    const second = await part(correlationId);
    expect(await look(correlationId)).toMatchObject({ recordingState: 'Started', pausedBy: [] });
    now = () => Date.now();
    await ended(second);
  });
});

describe('a lease taken by the id of an earlier part', () => {
  const lease = (id: string, method: string, body?: object) =>
    fetch(`${hush.api}/api/calls/${id}/pauses${method === 'POST' ? '' : '/page'}`, {
      method,
      ...(body
        ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
        : {}),
    });

  async function leased(uccName = ucc, ttlMs = 60_000) {
    const correlationId = randomUUID();
    const call = await part(correlationId, uccName);
    const { id } = await look(correlationId);
    expect((await lease(id, 'POST', { owner: 'page', ttlMs })).status).toBe(201);
    return { correlationId, call, id };
  }

  it('is renewed and released by that id', async () => {
    const { correlationId, call, id } = await leased();
    await ended(call);
    const second = await part(correlationId);
    expect((await look(correlationId)).pausedBy).toEqual(['page']);
    expect((await hush.get(`/api/calls/${id}`)).id).toBe((await look(correlationId)).id);
    expect((await lease(id, 'PUT', {})).status).toBe(200);
    expect((await lease(id, 'DELETE')).status).toBe(200);
    expect((await look(correlationId)).pausedBy).toEqual([]);
    await ended(second);
  });

  it('is renewed and released between two sessions as well', async () => {
    const { correlationId, call, id } = await leased();
    await ended(call);
    expect((await lease(id, 'PUT', { ttlMs: 50_000 })).status).toBe(200);
    expect((await lease(id, 'DELETE')).status).toBe(200);
    expect((await lease(id, 'DELETE')).status).toBe(404);
    const second = await part(correlationId);
    expect((await look(correlationId)).pausedBy).toEqual([]);
    await ended(second);
  });

  longTest('follows its policy when it runs out between two sessions', async () => {
    const { correlationId, call } = await leased('resumes', 1_000);
    await ended(call);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const second = await part(correlationId, 'resumes');
    await expect.poll(async () => (await look(correlationId)).pausedBy).toEqual([]);
    await ended(second);
  });
});
