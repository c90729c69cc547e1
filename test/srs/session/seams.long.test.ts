import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, nowMs } from '../../../src/simulator/verdict.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { stamped } from '../../support/hush/stamped.ts';
import { longTest } from '../../support/length.ts';

let now = () => Date.now();
let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  hush = await TestHush.start({ overrides: { clock: { now: () => now() } } });
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

async function recordings(correlationId: string): Promise<{ id: string; status: string }[]> {
  return (await hush.get(`/api/recordings?correlationId=${correlationId}`)).items;
}

async function ended(call: MarkerCall): Promise<void> {
  const { length } = hush.events;
  await call.call.end();
  await expect
    .poll(() =>
      hush.events
        .slice(length)
        .some(
          ({ type, correlationId }) =>
            correlationId === call.correlationId &&
            (type === 'recordingSaved' || type === 'recordingDestroyed'),
        ),
    )
    .toBe(true);
}

describe('a recording session that ends before the next one begins', () => {
  it('a paused dialogue stays paused, before the first packet of the next', async () => {
    const first = await caller.call(hush);
    const { correlationId } = first;
    await first.frames(10);
    await hush.command('Pause', correlationId);
    await ended(first);
    const second = await caller.call(hush, { correlationId });
    expect(await hush.get(`/api/calls/${correlationId}`)).toMatchObject({
      recordingState: 'Paused',
      pausedBy: ['api'],
    });
    await second.frames(20);
    const startRequestedAt = nowMs();
    expect((await hush.command('Start', correlationId)).RecordingState).toBe(1);
    const pause = { requestedAt: 0, answeredAt: 0, startRequestedAt, startAnsweredAt: nowMs() };
    await second.frames(40);
    await ended(second);
    const [newest] = await recordings(correlationId);
    const wav = await hush.audio(newest?.id ?? '');
    const frames = new Map(markersInWav(wav).flatMap((byTag) => [...byTag]));
    for (const { tag, sent } of second.streams) {
      const found = frames.get(tag) ?? new Map();
      const verdict = judge(sent, [pause], found);
      expect(verdict.leaked).toEqual([]);
      expect(judge(stamped(sent), [pause], found).missing).toEqual([]);
      expect(verdict.paused).toBeGreaterThan(15);
      expect(verdict.outside).toBeGreaterThan(15);
    }
  });

  longTest(
    'leases, Stop, Delete and the mark are inherited; after Start alone nothing is',
    async () => {
      const first = await caller.call(hush);
      const { correlationId } = first;
      await hush.command('Delete', correlationId);
      await hush.command('Mark', correlationId);
      await hush.post(`/api/calls/${correlationId}/pauses`, { owner: 'page', ttlMs: 60_000 });
      await ended(first);
      const second = await caller.call(hush, { correlationId });
      const shown = await hush.get(`/api/calls/${correlationId}`);
      expect(shown).toMatchObject({ savingState: 'Delete', markingState: 'Mark' });
      expect(shown).toMatchObject({ recordingState: 'Started', pausedBy: ['page'] });
      await hush.command('Stop', correlationId);
      await ended(second);
      const third = await caller.call(hush, { correlationId });
      expect((await hush.command('Save', correlationId)).RecordingState).toBe(2);
      await ended(third);
      expect((await recordings(correlationId)).map(({ status }) => status)).toEqual(['destroyed']);
      // Part two and three kept nothing.
    },
  );
});

describe('a hold that races a Pause', () => {
  it.each(['hold first', 'Pause first'])(
    '%s: both hold, and each lifts only its own',
    async (order) => {
      const { call, correlationId } = await caller.call(hush);
      const hold = () => call.hold({ keepSending: true });
      const pause = () => hush.command('Pause', correlationId);
      const both = order === 'hold first' ? [hold(), pause()] : [pause(), hold()];
      await Promise.all(both);
      const look = async () => (await hush.get(`/api/calls/${correlationId}`)).pausedBy;
      expect(await look()).toEqual(['api', 'hold']);
      const [resumed] = await Promise.all([call.resume(), hush.command('Mark', correlationId)]);
      expect(resumed.statusCode).toBe(200);
      expect(await look()).toEqual(['api']);
      await hush.command('Start', correlationId);
      expect(await look()).toEqual([]);
      await call.end();
    },
  );
});

describe('a jump of the clock', () => {
  it.each([86_400_000, -86_400_000])(
    'by %i ms neither ends a lease nor makes it endless',
    async (jumpMs) => {
      const { call, correlationId } = await caller.call(hush, { correlationId: randomUUID() });
      const path = `/api/calls/${correlationId}/pauses`;
      await hush.post(path, { owner: 'long', ttlMs: 60_000 });
      await hush.post(path, { owner: 'brief', ttlMs: 1_000 });
      now = () => Date.now() + jumpMs;
      await hush.command('Mark', correlationId);
      const expired = await hush.event(
        (event) => event.correlationId === correlationId && event.type === 'pauseExpired',
      );
      expect(expired.owner).toBe('brief');
      const { pauses } = await hush.get(path);
      expect(pauses).toMatchObject([
        { owner: 'long', expired: false },
        { owner: 'brief', expired: true },
      ]);
      expect((await hush.command('Pause', correlationId)).RecordingState).toBe(3);
      now = () => Date.now();
      await call.end();
    },
  );
});

describe('a gap with changing owners', () => {
  longTest(
    'names its owners: a hold, a pause that outlived it, a hold that outlived that',
    async () => {
      const { call, correlationId, frames, streams } = await caller.call(hush);
      const more = (count: number) => frames((streams[0]?.sent.length ?? 0) + count);
      await more(10);
      await call.hold({ keepSending: true });
      await more(5);
      await hush.command('Pause', correlationId);
      await call.resume();
      await more(5);
      await call.hold({ keepSending: true });
      await hush.command('Start', correlationId);
      await more(5);
      await call.resume();
      await more(10);
      await call.end();
      await hush.settled(correlationId);
      const { tracks } = await hush.get(`/api/recordings/${correlationId}`);
      for (const { gaps } of tracks as { gaps: { reason: string; lengthMs: number }[] }[]) {
        const held = gaps.filter(({ reason }) => reason !== 'guard');
        expect(held.map(({ reason }) => reason)).toEqual(['hold', 'api', 'hold']);
        for (const { lengthMs } of held) expect(lengthMs).toBeGreaterThan(60);
      }
    },
  );
});
