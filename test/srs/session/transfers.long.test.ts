import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { recordingOf } from '../../support/api.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

const nextAgent = 'sip:next@domain.com';
const records = { useAudioRecording: true, agentCanEditAudioRecording: true, agents: [agent] };
const uccs: Config['uccs'] = [
  { name: ucc, ...records },
  { name: 'next', ...records, agents: [nextAgent] },
  { name: 'locked', useAudioRecording: true, agents: [nextAgent] },
  { name: 'careful', ...records, pauseLookbackMs: 1_000 },
  { name: 'off', agentCanEditAudioRecording: true, agents: [nextAgent] },
];

let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  hush = await TestHush.start({ config: (config) => ({ ...config, uccs }) });
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly savingState: string;
  readonly uccNames: string[];
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

describe('a transfer to another UCC', () => {
  const as = (UCCName: string, RequesterSipUri: string) => ({ UCCName, RequesterSipUri });

  it('during the first session keeps one call, paused and commanded by both', async () => {
    const correlationId = randomUUID();
    const first = await part(correlationId);
    await said('Pause', correlationId);
    const second = await part(correlationId, 'next');
    const shown = await look(correlationId);
    expect(shown).toMatchObject({ uccNames: [ucc, 'next'], pausedBy: ['api'] });
    expect(shown.streams).toHaveLength(4);
    for (const name of [ucc, 'next']) {
      const state = await hush.get(`/attendantservice/api/recording/${name}/${correlationId}`);
      expect(state).toMatchObject({ RecordingState: 3, UCCName: name, ErrorMessage: null });
    }
    const stranger = await hush.command('Start', correlationId, as('next', agent));
    expect(stranger.ErrorMessage?.Message).toContain('is not an agent or supervisor');
    await said('Start', correlationId, as('next', nextAgent));
    await said('Pause', correlationId);
    const own = hush.events.filter(
      (event) => event.uccName === 'next' && event.correlationId === correlationId,
    );
    expect(own.map(({ action }) => action).filter((action) => action !== null)).toEqual([1, 3]);
    await first.call.end();
    await second.call.end();
    await expect.poll(() => statuses(correlationId)).toEqual(['kept']);
    for (const name of [ucc, 'next', 'locked']) {
      const { items } = await hush.get(`/api/recordings?ucc=${name}`);
      const found = items.some((item: { correlationId: string }) => {
        return item.correlationId === correlationId;
      });
      expect(found).toBe(name !== 'locked');
    }
  });

  it.each([
    ['locked', 'setting is disabled', 'Started'],
    ['off', 'Recorder was not available', 'Stopped'],
  ])('applies the rules of a stricter UCC as well (%s)', async (name, message, state) => {
    const correlationId = randomUUID();
    const first = await part(correlationId);
    const second = await part(correlationId, name);
    expect((await look(correlationId)).recordingState).toBe(state);
    const pause = await hush.command('Pause', correlationId);
    // Whoever may pause may go on doing so.
    expect(pause.ErrorMessage === null).toBe(name === 'locked');
    const start = await hush.command('Start', correlationId);
    expect(start.ErrorMessage?.Message).toContain(message);
    await first.call.end();
    await second.call.end();
  });

  longTest('applies a new look-back to streams that are open already', async () => {
    const first = await part(randomUUID());
    const { correlationId } = first;
    const second = await part(correlationId, 'careful');
    await first.frames(80);
    await said('Pause', correlationId);
    await first.call.end();
    await second.call.end();
    await expect.poll(() => statuses(correlationId)).toEqual(['kept']);
    const { tracks } = await recordingOf(hush.api, correlationId);
    const gaps = tracks[0]?.gaps.filter(({ reason }) => reason === 'api');
    expect(gaps).toHaveLength(1);
    expect(gaps?.[0]?.lengthMs).toBeGreaterThan(900);
  });

  it('by BYE, then INVITE, stays paused, and the first UCC may still command', async () => {
    const correlationId = randomUUID();
    const first = await part(correlationId);
    await said('Pause', correlationId);
    await ended(first);
    const second = await part(correlationId, 'next');
    expect(await look(correlationId)).toMatchObject({ uccName: 'next', pausedBy: ['api'] });
    await said('Start', correlationId);
    expect((await look(correlationId)).pausedBy).toEqual([]);
    await said('Delete', correlationId, as('next', nextAgent));
    await ended(second);
    await expect
      .poll(() => statuses(correlationId), { timeout: 5_000 })
      .toEqual(['destroyed', 'destroyed']);
  });
});
