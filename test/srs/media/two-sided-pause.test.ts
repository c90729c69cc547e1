import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowMs } from '../../../src/simulator/verdict.ts';
import { TestCaller } from '../../support/calls.ts';
import { TestHush } from '../../support/hush/hush.ts';

let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({ ...config, sip: { ...config.sip, twoSidedPause: true } }),
  });
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

async function outcomes(outcome: string): Promise<number> {
  const text = await (await fetch(`${hush.api}/metrics`)).text();
  const found = new RegExp(`hush_sip_pause_offers_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
    text,
  );
  return Number(found?.[1] ?? 0);
}

async function packetsOf(correlationId: string) {
  await hush.settled(correlationId);
  const { tracks } = await hush.get(`/api/recordings/${correlationId}`);
  return tracks as { packets: Record<string, number>; gaps: { reason: string }[] }[];
}

describe('two-sided pause', () => {
  it('the client sends nothing while the call is paused, and again after Start', async () => {
    const { call, correlationId, frames, streams } = await caller.call(hush);
    await frames(10);
    const begun = await outcomes('accepted');
    await hush.command('Pause', correlationId);
    await expect.poll(() => outcomes('accepted')).toBe(begun + 1);
    expect(call.streams.map(({ enabled }) => enabled)).toEqual([false, false]);
    const quietAt = streams[0]?.sent.length ?? 0;
    await hush.command('Mark', correlationId);
    await hush.command('Start', correlationId);
    await expect.poll(() => outcomes('accepted')).toBe(begun + 2);
    await frames(quietAt + 10);
    await call.end();
    for (const { packets, gaps } of await packetsOf(correlationId)) {
      expect(packets.kept).toBeGreaterThan(15);
      expect(gaps.map(({ reason }) => reason)).toEqual(['api', 'guard']);
    }
  });

  it.each([
    ['refuse', 'refused'],
    ['ignore', 'accepted'],
  ] as const)(
    'a client that %ss it lifts nothing: what arrives is dropped and counted',
    async (serverOffers, outcome) => {
      const { call, correlationId, frames, streams } = await caller.call(hush, { serverOffers });
      await frames(10);
      const before = await outcomes(outcome);
      await hush.command('Pause', correlationId);
      const answeredAt = nowMs();
      await expect.poll(() => outcomes(outcome)).toBe(before + 1);
      await frames((streams[0]?.sent.length ?? 0) + 20);
      await call.end();
      const paused = streams.map(
        ({ sent }) => sent.filter((one) => one.sentAtMs > answeredAt).length,
      );
      const tracks = await packetsOf(correlationId);
      for (const [index, { packets }] of tracks.entries()) {
        expect(packets.gated).toBeGreaterThanOrEqual(paused[index] ?? 0);
        expect(packets.gated).toBeGreaterThan(15);
      }
    },
  );

  it('a session that joins a paused call is asked for silence from the beginning', async () => {
    const first = await caller.call(hush);
    const { correlationId } = first;
    const before = await outcomes('accepted');
    await hush.command('Pause', correlationId);
    await expect.poll(() => outcomes('accepted')).toBe(before + 1);
    const sentByFirst = first.streams.map(({ sent }) => sent.length);
    const second = await caller.call(hush, { correlationId });
    await first.call.end();
    expect((await hush.get(`/api/calls/${correlationId}`)).pausedBy).toEqual(['api']);
    await hush.command('Start', correlationId);
    await second.frames(20);
    await second.call.end();
    const recorded = await packetsOf(correlationId);
    const kept = recorded.map(({ packets }) => packets.kept ?? 0);
    for (const [track, sent] of sentByFirst.entries()) {
      expect(kept[track]).toBeLessThanOrEqual(sent);
    }
    expect(kept.slice(2).map((count) => count > 10)).toEqual([true, true]);
  });

  it('a release of hold during the pause does not resume the audio', async () => {
    const { call, correlationId, frames, streams } = await caller.call(hush);
    await frames(5);
    const before = await outcomes('accepted');
    await call.hold();
    await hush.command('Pause', correlationId);
    await expect.poll(() => outcomes('accepted')).toBe(before + 1);
    await call.resume();
    expect((await hush.get(`/api/calls/${correlationId}`)).pausedBy).toEqual(['api']);
    const sent = streams[0]?.sent.length ?? 0;
    await hush.command('UnMark', correlationId);
    expect(streams[0]?.sent.length).toBeLessThanOrEqual(sent + 1);
    await call.end();
  });
});
