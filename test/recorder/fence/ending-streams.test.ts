import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { testedReceiver } from '../../support/receiver.ts';
import { RecorderFixture, spec } from '../recorder-fixture.ts';

const FRAME_MS = 20;
const LOOKBACK_MS = 400;
const second = { ...spec, track: 1 };

let fixture: RecorderFixture;
afterEach(() => fixture.close());

/** Real-time audio: frames 0 up to `count`, 20 ms apart. */
async function talk(port: number, count: number): Promise<void> {
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) {
    await delay(Math.max(0, index * FRAME_MS - (performance.now() - begun)));
    await fixture.rtp(port, { sequence: index, timestamp: index * 160 }, markerFrame(1, index));
  }
}

/** The media thread stands still. */
function halt(ms: number): Promise<void> {
  const channel = new BroadcastChannel('halt');
  return new Promise((resolve) => {
    channel.onmessage = () => {
      channel.close();
      resolve();
    };
    channel.postMessage(ms);
  });
}

describe('an order to a call whose streams are ending', () => {
  it.each([
    ['before', 0],
    ['after', 0],
    ['before', LOOKBACK_MS],
    ['after', LOOKBACK_MS],
  ] as const)('%s they are closed, with a look-back of %i ms', async (when, lookbackMs) => {
    fixture = new RecorderFixture();
    const { recorder } = fixture;
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId, [spec, second], lookbackMs);
    await talk(port, 30);
    const shut = () => recorder.shut(callId, { reason: 'api', lookbackMs });
    const close = () => recorder.closeStreams(callId, [0]);
    const [one, other] = when === 'before' ? [shut, close] : [close, shut];
    const ending = one();
    const [receipt] = when === 'before' ? [await ending, await other()] : [await other()];
    await ending;
    expect(receipt).toMatchObject({ streams: [{}, {}] });
    await recorder.closeStreams(callId, [1]);
    await recorder.endCall(callId);
    const runs = [...(await fixture.stored(callId)).values()];
    const kept = runs.flatMap((run) => [...findMarkers(run)].map(({ index }) => index));
    expect(Math.max(...kept)).toBeLessThan(30 - lookbackMs / FRAME_MS + 2);
    // A frame that is read in between may have come on either side.
    if (lookbackMs === 0) expect(kept.length).toBeGreaterThan(27);
  });

  it('a stream that is closed twice, or held meanwhile, ends once', async () => {
    fixture = new RecorderFixture();
    const { recorder } = fixture;
    const free = recorder.freePortCount;
    const callId = randomUUID();
    await fixture.begin(callId);
    const [first, again] = await Promise.all([
      recorder.closeStreams(callId, [0]),
      recorder.closeStreams(callId, [0]),
      recorder.hold(callId, [0], true),
    ]);
    expect([...first, ...again].length).toBe(1);
    await recorder.endCall(callId);
    expect(recorder.freePortCount).toBe(free);
  });
});

describe('a look-back of an order that a late media thread has not read', () => {
  const late = () => {
    const workerEntry = new URL('./halting-worker.ts', import.meta.url);
    fixture = new RecorderFixture({ workerEntry });
    return fixture.recorder;
  };

  it.each([
    ['the call that ended before it', true],
    ['a call that is shut already', false],
  ])('reaches %s', async (_, isOther) => {
    const recorder = late();
    const [callId, other] = [randomUUID(), randomUUID()];
    const [port = 0] = await fixture.begin(callId, [spec], LOOKBACK_MS);
    await fixture.begin(other, [second], LOOKBACK_MS);
    await talk(port, 60);
    if (isOther) await recorder.closeStreams(callId, [0]);
    else await recorder.shut(callId, { reason: 'api', lookbackMs: 0 });
    await halt(1_000);
    const order = { reason: 'api', lookbackMs: LOOKBACK_MS } as const;
    if (isOther) await recorder.shut(other, { ...order, predecessors: [callId] });
    else await recorder.shut(callId, order);
    await recorder.closeStreams(callId, [0]);
    await recorder.endCall(callId);
    const runs = [...(await fixture.stored(callId)).values()];
    const kept = runs.flatMap((run) => [...findMarkers(run)].map(({ index }) => index));
    expect(kept.length).toBeGreaterThan(20);
    expect(Math.max(...kept)).toBeLessThan(60 - LOOKBACK_MS / FRAME_MS + 5);
  });
});

describe('a stream whose queue overflowed at its end', () => {
  it.runIf(testedReceiver === 'ffi')('says that audio is missing there', async () => {
    const workerEntry = new URL('./halting-worker.ts', import.meta.url);
    fixture = new RecorderFixture({ workerEntry });
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId);
    await talk(port, 5);
    await halt(500);
    const frame = (index: number) =>
      fixture.rtp(port, { sequence: index, timestamp: index * 160 }, markerFrame(1, index));
    // Until the queue is full; no later packet shows that the last ones are missing.
    for (let count = 0; count < 3_000; count += 1) await frame(4);
    for (let index = 5; index < 10; index += 1) await frame(index);
    const [summary] = await fixture.recorder.closeStreams(callId, [0]);
    expect(summary?.packets.overflowed).toBeGreaterThanOrEqual(5);
    expect(summary?.packets).toMatchObject({ kept: 5, lost: 0 });
    expect(summary?.endPosition).toBeGreaterThan(10 * 160);
  });
});

describe('a thread that dies while it binds ports', () => {
  it('leaves none of them taken', async () => {
    const workerEntry = new URL('./dying-worker.ts', import.meta.url);
    fixture = new RecorderFixture({ workerEntry });
    const { recorder } = fixture;
    const callId = randomUUID();
    await fixture.begin(callId);
    recorder.beginCall('die', { open: false, reason: 'stop', lookbackMs: 0 });
    const free = recorder.freePortCount;
    void recorder.endCall('die');
    await expect(recorder.openStreams(callId, [second])).rejects.toThrow('told to die');
    expect(recorder.freePortCount).toBe(free);
  });
});
