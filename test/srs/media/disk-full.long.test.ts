import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { SmallDiskHush } from './small-disk.ts';

const unavailable = {
  ErrorType: 1,
  Message: 'Recorder was not available, command could not be executed',
};
/** A second and a half: at least one chunk of every stream is sealed. */
const SEALED_FRAMES = 40;

describe('a disk that fills while a call is recorded', () => {
  let hush: SmallDiskHush;
  let caller: TestCaller;
  beforeEach(async () => {
    hush = await SmallDiskHush.start();
    caller = await TestCaller.open();
  });
  afterEach(async () => {
    await hush.stop();
    await caller.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
  async function get(path: string, api = hush.api): Promise<any> {
    return (await fetch(api + path)).json();
  }

  async function alarms(kind: string): Promise<number> {
    const text = await (await fetch(`${hush.api}/metrics`)).text();
    return Number(new RegExp(`hush_alarms_total{kind="${kind}"} (\\d+)`).exec(text)?.[1] ?? 0);
  }

  async function command(action: string, correlationId: string) {
    const body = { Action: action, RequesterSipUri: agent, CorrelationId: correlationId };
    const response = await fetch(`${hush.api}/attendantservice/api/recording/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, UCCName: ucc }),
    });
    return ((await response.json()) as { ErrorMessage: unknown }).ErrorMessage;
  }

  async function recordUntilFull(): Promise<MarkerCall> {
    const call = await caller.call(hush);
    await call.frames(120);
    hush.fill();
    await expect.poll(() => alarms('storageFailed'), { timeout: 10_000 }).toBeGreaterThan(0);
    return call;
  }

  /** The call's recording once it is settled, and the frames in it, per stream. */
  async function playedFrames(call: MarkerCall, api = hush.api): Promise<Set<number>[]> {
    const path = `/api/recordings/${call.correlationId}`;
    const status = async () => (await get(path, api)).status;
    await expect.poll(status, { timeout: 10_000 }).toBe('kept');
    const { id } = await get(path, api);
    const wav = await (await fetch(`${api}/api/recordings/${id}/audio`)).arrayBuffer();
    const channels = markersInWav(Buffer.from(wav));
    return call.streams.map(({ tag }, side) => new Set(channels[side]?.get(tag)?.keys() ?? []));
  }

  function expectSealed(played: readonly Set<number>[]): void {
    const sealed = Array.from({ length: SEALED_FRAMES }, (_, index) => index);
    for (const frames of played) expect(sealed.filter((index) => !frames.has(index))).toEqual([]);
  }

  it('raises an alarm, answers message 1, and records again when there is room', async () => {
    const call = await recordUntilFull();
    const state = () => get(`/attendantservice/api/recording/${ucc}/${call.correlationId}`);
    expect((await state()).ErrorMessage).toEqual(unavailable);
    expect(await command('Pause', call.correlationId)).toEqual(unavailable);
    const health = await fetch(`${hush.api}/api/health/details`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'degraded', callsInProgress: 1 });
    expect((await get('/api/calls')).items).toHaveLength(1);
    hush.free();
    await expect.poll(async () => (await get('/api/health')).status).toBe('ready');
    expect((await state()).ErrorMessage).toBeNull();
    await call.call.end();
    expectSealed(await playedFrames(call));
    const next = await caller.call(hush);
    await next.frames(50);
    await next.call.end();
    expectSealed(await playedFrames(next));
  });

  longTest('leaves earlier audio playable after a restart on a disk with room', async () => {
    const call = await recordUntilFull();
    const dataDir = hush.copyData();
    const config = (config: TestHush['config']) => ({
      ...config,
      recording: { ...config.recording, mediaTimeoutMs: 300 },
    });
    const restarted = await TestHush.start({ dataDir, config, overrides: { adopt: true } });
    try {
      expectSealed(await playedFrames(call, restarted.api));
    } finally {
      await restarted.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
