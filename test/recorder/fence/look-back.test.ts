import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { markersInFolder } from '../../support/audio/markers-in-folder.ts';
import { RecorderFixture, spec } from '../recorder-fixture.ts';

const LOOKBACK_MS = 400;
const FRAME_MS = 20;

let fixture: RecorderFixture;
beforeEach(() => {
  fixture = new RecorderFixture();
});
afterEach(() => fixture.close());

/** Real-time audio: frames `from` up to `until`, 20 ms apart. */
async function talk(port: number, from: number, until: number): Promise<void> {
  const begun = performance.now();
  for (let index = from; index < until; index += 1) {
    const dueMs = (index - from) * FRAME_MS - (performance.now() - begun);
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    await fixture.rtp(port, { sequence: index, timestamp: index * 160 }, markerFrame(1, index));
  }
}

function loseMarkers(deaf: boolean): Promise<void> {
  const channel = new BroadcastChannel('deaf');
  return new Promise((resolve) => {
    channel.onmessage = () => {
      channel.close();
      resolve();
    };
    channel.postMessage(deaf);
  });
}

async function indexes(callId: string): Promise<number[]> {
  const runs = [...(await fixture.stored(callId)).values()];
  const found = runs.flatMap((run) => [...findMarkers(run)].map(({ index }) => index));
  return found.sort((a, b) => a - b);
}

describe('look-back', () => {
  it('holds for a stream that is open already, once a stricter UCC joins', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId);
    await talk(port, 0, 20);
    await fixture.recorder.updateStream(callId, { ...spec, lookbackMs: LOOKBACK_MS });
    await talk(port, 20, 60);
    await fixture.recorder.shut(callId, { reason: 'api', lookbackMs: LOOKBACK_MS });
    const [summary] = await fixture.recorder.closeStreams(callId, [0]);
    await fixture.recorder.endCall(callId);
    const kept = await indexes(callId);
    expect(kept.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(Math.max(...kept)).toBeLessThan(60 - LOOKBACK_MS / FRAME_MS + 1);
    expect(summary?.packets).toMatchObject({ received: 60, kept: kept.length });
  });

  it('a Pause erases the youngest audio, and nothing of it was ever on the disk', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await talk(port, 0, 60);
    const { streams } = await fixture.recorder.shut(callId, {
      reason: 'api',
      lookbackMs: LOOKBACK_MS,
    });
    await fixture.recorder.open(callId);
    // What was sent before the Start is not kept: these are not.
    await delay(FRAME_MS * 10);
    await talk(port, 70, 80);
    const [summary] = await fixture.recorder.closeStreams(callId, [0]);
    await fixture.recorder.endCall(callId);
    const kept = await indexes(callId);
    const before = kept.filter((index) => index < 60);
    const last = before.at(-1) ?? 0;
    expect(before).toEqual(Array.from({ length: last + 1 }, (_, index) => index));
    // 20 frames are the look-back; one may be cut in two.
    expect(last).toBeGreaterThanOrEqual(36);
    expect(last).toBeLessThanOrEqual(40);
    expect(kept.filter((index) => index >= 60)).toEqual([70, 71, 72, 73, 74, 75, 76, 77, 78, 79]);
    expect(streams[0]?.lastPosition).toBeLessThanOrEqual((last + 2) * 160);
    expect(summary?.packets.erased).toBeGreaterThanOrEqual(19);
    expect((summary?.packets.kept ?? 0) + (summary?.packets.erased ?? 0)).toBe(70);
    expect(markersInFolder(fixture.recordingsDir)).toBe(0);
  });

  it('a shorter one erases less; none erases nothing', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await talk(port, 0, 30);
    await fixture.recorder.shut(callId, { reason: 'lease', lookbackMs: 100 });
    await fixture.recorder.open(callId);
    // What was sent before the Start is not kept: these are not.
    await delay(FRAME_MS * 10);
    await talk(port, 40, 100);
    await fixture.recorder.shut(callId, { reason: 'stop', lookbackMs: 0 });
    await fixture.recorder.closeStreams(callId, [0]);
    await fixture.recorder.endCall(callId);
    const kept = await indexes(callId);
    // Behind a Start more is left out where the machine was too busy to send in time.
    const behind = kept.filter((index) => index >= 30);
    expect(behind).toEqual(
      Array.from({ length: behind.length }, (_, at) => 100 - behind.length + at),
    );
    expect(behind.length).toBeGreaterThanOrEqual(10);
    expect(kept.filter((index) => index < 30).length).toBeGreaterThanOrEqual(23);
    expect(kept.filter((index) => index < 30).length).toBeLessThanOrEqual(26);
  });

  it('is given up at a hand-over, and not counted as kept', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await talk(port, 0, 10);
    const [summary] = await fixture.recorder.closeStreams(callId, [0], 'restart');
    await fixture.recorder.endCall(callId);
    expect(summary?.packets).toMatchObject({ received: 10, kept: 0, erased: 10 });
    expect(await indexes(callId)).toEqual([]);
  });

  it('reaches through a change of source, and through a hold', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await talk(port, 0, 40);
    await fixture.rtp(port, { ssrc: 2, sequence: 9, timestamp: 77 }, markerFrame(1, 40));
    await fixture.recorder.hold(callId, [0], true);
    await fixture.recorder.shut(callId, { reason: 'api', lookbackMs: LOOKBACK_MS });
    await fixture.recorder.closeStreams(callId, [0]);
    await fixture.recorder.endCall(callId);
    const kept = await indexes(callId);
    expect(Math.max(...kept)).toBeGreaterThanOrEqual(16);
    expect(Math.max(...kept)).toBeLessThanOrEqual(22);
  });

  it('a Pause that a stream does not confirm erases all that is held back', async () => {
    await fixture.close();
    fixture = new RecorderFixture({ workerEntry: new URL('./deaf-worker.ts', import.meta.url) });
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await talk(port, 0, 40);
    await loseMarkers(true);
    await expect(
      fixture.recorder.shut(callId, { reason: 'api', lookbackMs: LOOKBACK_MS }),
    ).rejects.toThrow('confirm');
    // What came after the command is in no file, whether the marker came or not.
    await talk(port, 40, 50);
    await loseMarkers(false);
    const [summary] = await fixture.recorder.closeStreams(callId, [0]);
    expect(summary?.packets).toMatchObject({ received: 50, gated: 10 });
    await fixture.recorder.endCall(callId);
    const kept = await indexes(callId);
    expect(Math.max(...kept)).toBeLessThanOrEqual(22);
  });
});
