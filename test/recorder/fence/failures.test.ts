import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ClockOrigin } from '../../../src/domain/model/track.ts';
import { moment } from '../../../src/recorder/clock/clock-origin.ts';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { RecorderFixture, spec } from '../recorder-fixture.ts';

const LAST = 25;
const shut = { open: false, reason: 'stop', lookbackMs: 0 } as const;

describe('MediaRecorder that loses its thread', () => {
  const fixture = new RecorderFixture({
    workerEntry: new URL('./dying-worker.ts', import.meta.url),
  });
  afterEach(() => fixture.close());

  it('tells which calls it had, replaces it, and goes on with its calls behind shut gates', async () => {
    const { recorder } = fixture;
    const callId = randomUUID();
    const second = { ...spec, track: 1 };
    const ports = await fixture.begin(callId, [spec, second]);
    const [port = 0] = ports;
    await fixture.rtp(port, {}, markerFrame(1, 0));
    await fixture.rtp(port, { sequence: 1, timestamp: 160 }, markerFrame(1, 1));
    await recorder.shut(callId, { reason: 'api', lookbackMs: 0 });
    await recorder.open(callId);
    const { clockOrigin } = fixture.beginnings[0] as { clockOrigin: ClockOrigin };
    // A thread that dies loses what is not written yet.
    await expect.poll(async () => (await fixture.stored(callId)).size).toBeGreaterThan(0);
    recorder.beginCall('die', shut);
    recorder.endCall('die');
    await fixture.failed();
    expect(fixture.failures).toEqual([`workerDied ${callId} told to die`]);
    const streams = [spec, second].map((of, index) => ({
      ...{ spec: of, port: ports[index] as number, startPosition: index === 0 ? 0 : null },
      unknownSince: Date.now(),
      nextSegment: 0,
    }));
    expect(await recorder.resumeStreams(callId, streams, clockOrigin)).toEqual([]);
    await fixture.rtp(port, { sequence: 2, timestamp: 320 }, markerFrame(1, 2));
    await recorder.open(callId);
    // A thread that has just begun may be late with its first packets: a Start leaves them out.
    for (let index = 3; index < LAST; index += 1) {
      await fixture.rtp(port, { sequence: index, timestamp: index * 160 }, markerFrame(1, index));
      await delay(20);
    }
    const [summary] = await recorder.closeStreams(callId, [0, 1]);
    expect(summary?.startPosition).toBe(0);
    const { received, kept = 0, gated = 0 } = summary?.packets ?? {};
    expect([received, kept + gated]).toEqual([LAST - 2, LAST - 2]);
    expect(Math.min(kept, gated)).toBeGreaterThan(0);
    const stored = [...(await fixture.stored(callId)).values()].map((run) => Buffer.from(run));
    const indexes = stored.flatMap((run) => [...findMarkers(run)].map(({ index }) => index));
    const tail = Array.from({ length: kept }, (_, at) => LAST - kept + at);
    expect(indexes.sort((one, other) => one - other)).toEqual([0, 1, ...tail]);
    recorder.endCall(callId);
  });
});

describe('MediaRecorder that takes up a stream of which no packet is known', () => {
  const fixture = new RecorderFixture();
  afterAll(() => fixture.close());

  const openedMs = 300;

  /** Takes up a stream after a call's first, known one, and closes it before it sends. */
  async function takenUp(unknownSince: number | null, hasBegun = true) {
    const { recorder } = fixture;
    const callId = randomUUID();
    const now = Date.now();
    const { bootId, monotonicMs } = moment();
    const origin = { at: now - 1_000, monotonicMs: monotonicMs - 1_000, bootId };
    const before = randomUUID();
    const [port = 0] = await fixture.begin(before);
    await recorder.closeStreams(before, [0]);
    await recorder.endCall(before);
    recorder.beginCall(callId, { open: true, reason: 'restart', lookbackMs: 0 });
    const stream = { spec, port, startPosition: null, unknownSince, nextSegment: 0 };
    const lost = await recorder.resumeStreams(callId, [stream], hasBegun ? origin : null);
    expect(lost).toEqual([]);
    const [summary] = await recorder.closeStreams(callId, [0]);
    recorder.endCall(callId);
    return summary;
  }

  it('has it missing from its opening on, where the process before may have kept of it', async () => {
    const summary = await takenUp(Date.now() - openedMs);
    const { startPosition, endPosition, initialReason } = summary ?? {};
    expect(initialReason).toBe('restart');
    expect(startPosition).toBeGreaterThan((1_000 - openedMs - 50) * 8);
    expect(startPosition).toBeLessThan((1_000 - openedMs + 250) * 8);
    expect(endPosition).toBeGreaterThanOrEqual(1_000 * 8);
  });

  it('misses nothing where that one told that none came', async () => {
    const none = { startPosition: null, endPosition: null, initialReason: null };
    expect(await takenUp(null)).toMatchObject(none);
  });

  it('leaves it to the verdict where no stream of the call is known to have sent', async () => {
    const none = { startPosition: null, endPosition: null };
    expect(await takenUp(Date.now() - openedMs, false)).toMatchObject(none);
  });
});

describe('MediaRecorder whose thread dies between two streams of a call', () => {
  const fixture = new RecorderFixture({
    workerEntry: new URL('./dying-worker.ts', import.meta.url),
  });
  afterEach(() => fixture.close());

  it('puts the second one behind the first on the call’s clock', async () => {
    const { recorder } = fixture;
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId);
    await fixture.rtp(port, {}, markerFrame(1, 0));
    const [first] = await recorder.closeStreams(callId, [0]);
    recorder.beginCall('die', shut);
    recorder.endCall('die');
    await fixture.failed();
    const [second] = await recorder.openStreams(callId, [{ ...spec, track: 1 }]);
    await fixture.rtp(second?.port ?? 0, { ssrc: 2 }, markerFrame(2, 0));
    await recorder.closeStreams(callId, [1]);
    const [before, after] = fixture.beginnings;
    expect(after?.clockOrigin?.monotonicMs).toBe(before?.clockOrigin?.monotonicMs);
    expect(after?.startPosition).toBeGreaterThan(first?.endPosition ?? Infinity);
    recorder.endCall(callId);
  });
});

describe('MediaRecorder whose disk refuses', () => {
  const fixture = new RecorderFixture();
  afterEach(() => fixture.close());

  it('is unavailable, shuts the call, and comes back when the disk takes writes again', async () => {
    const { recorder, recordingsDir } = fixture;
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId);
    const folder = join(recordingsDir, callId);
    rmSync(folder, { recursive: true });
    // A file where the call's folder was, and one where the probe writes: both refuse, to root too.
    writeFileSync(folder, '');
    mkdirSync(join(recordingsDir, '.probe'));
    await fixture.rtp(port, {}, markerFrame(1, 0));
    await fixture.failed();
    expect(fixture.failures).toEqual(['storageFailed ENOTDIR']);
    expect(recorder.available).toBe(false);
    await fixture.rtp(port, { sequence: 1, timestamp: 160 }, markerFrame(1, 1));
    const [summary] = await recorder.closeStreams(callId, [0]);
    expect(summary?.packets).toMatchObject({ received: 2, gated: 1 });
    rmSync(join(recordingsDir, '.probe'), { recursive: true });
    await expect.poll(() => recorder.available).toBe(true);
  });
});
