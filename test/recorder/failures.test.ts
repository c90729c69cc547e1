import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { RecorderFixture, spec } from './recorder-fixture.ts';

describe('MediaRecorder that loses its thread', () => {
  const fixture = new RecorderFixture({
    workerEntry: new URL('./dying-worker.ts', import.meta.url),
  });
  afterEach(() => fixture.close());

  it('says which calls failed, hangs nobody, and records new calls', async () => {
    const { recorder } = fixture;
    const callId = randomUUID();
    const free = recorder.freePortCount;
    await fixture.begin(callId, [spec, { ...spec, track: 1 }]);
    recorder.beginCall('die', true, 'stop');
    recorder.endCall('die');
    await fixture.failed();
    expect(fixture.failures).toEqual(['workerDied told to die']);
    expect(recorder.freePortCount).toBe(free);
    await recorder.hold(callId, [0, 1], true);
    expect(await recorder.closeStreams(callId, [0, 1])).toEqual([]);
    await expect(recorder.openStreams(callId, [spec])).rejects.toThrow('told to die');
    expect((await recorder.shut(callId, 'api')).streams).toEqual([]);
    recorder.endCall(callId);
    const [port = 0] = await fixture.begin('next');
    await fixture.rtp(port, {}, markerFrame(1, 0));
    const [summary] = await recorder.closeStreams('next', [0]);
    expect(summary?.packets.kept).toBe(1);
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
