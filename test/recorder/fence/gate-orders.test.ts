import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { findMarkers } from '../../../src/simulator/marker-audio.ts';
import { testedReceiver } from '../../support/receiver.ts';
import { RecorderFixture, spec } from '../recorder-fixture.ts';

/** A stream that is sent to steadily, and the frames of it that are on the disk. */
class SteadyCall {
  readonly fixture: RecorderFixture;
  readonly callId = randomUUID();
  readonly #sent = new Int32Array(new SharedArrayBuffer(4));
  #sender: Worker | undefined;

  constructor(options: ConstructorParameters<typeof RecorderFixture>[0]) {
    const workerEntry = new URL('./halting-worker.ts', import.meta.url);
    this.fixture = new RecorderFixture({ workerEntry, ...options });
  }

  async begin(lookbackMs = 0): Promise<void> {
    const [port] = await this.fixture.begin(this.callId, [spec], lookbackMs);
    const workerData = { port, shared: this.#sent.buffer };
    this.#sender = new Worker(new URL('../intake/steady-sender.ts', import.meta.url), {
      workerData,
    });
    await expect.poll(() => this.next).toBeGreaterThan(20);
  }

  /** The frame that is sent next. */
  get next(): number {
    return Atomics.load(this.#sent, 0);
  }

  /** The media thread stands still. */
  halt(ms: number): Promise<void> {
    const channel = new BroadcastChannel('halt');
    return new Promise((resolve) => {
      channel.onmessage = () => {
        channel.close();
        resolve();
      };
      channel.postMessage(ms);
    });
  }

  /** Frames that are on the disk in the end. */
  async end(): Promise<number[]> {
    this.#sender?.postMessage('stop');
    await this.fixture.recorder.closeStreams(this.callId, [0]);
    await this.fixture.recorder.endCall(this.callId);
    const runs = [...(await this.fixture.stored(this.callId)).values()];
    return runs.flatMap((run) => [...findMarkers(run)].map(({ index }) => index));
  }
}

let call: SteadyCall;
afterEach(() => call.fixture.close());
const within = (from: number, until: number) => (index: number) => index >= from && index < until;

describe('the newest order to a gate', () => {
  it('counts alone when a media thread reads the markers of several at once', async () => {
    call = new SteadyCall({ fenceTimeoutMs: 300 });
    await call.begin();
    const { recorder } = call.fixture;
    await recorder.shut(call.callId, { reason: 'api', lookbackMs: 0 });
    const paused = call.next;
    await delay(200);
    await call.halt(800);
    await expect(recorder.open(call.callId)).rejects.toThrow('confirm');
    await delay(200);
    const reopened = call.next;
    // The thread still stands still: it will read a marker that is void, frames, and this one.
    await recorder.open(call.callId).catch(() => recorder.open(call.callId));
    const answered = call.next;
    await delay(400);
    const last = call.next;
    const kept = await call.end();
    expect(kept.filter(within(paused + 1, reopened))).toEqual([]);
    expect(kept.filter(within(answered + 1, last - 1)).length).toBe(last - answered - 2);
  });

  it('is not undone by what is left of an older one', async () => {
    call = new SteadyCall({ fenceTimeoutMs: 300 });
    await call.begin();
    const { recorder } = call.fixture;
    await recorder.shut(call.callId, { reason: 'api', lookbackMs: 0 });
    await call.halt(900);
    await expect(recorder.open(call.callId)).rejects.toThrow('confirm');
    const opening = recorder.open(call.callId);
    await opening.catch(() => recorder.open(call.callId).catch(() => recorder.open(call.callId)));
    const answered = call.next;
    await delay(600);
    const last = call.next;
    const kept = await call.end();
    expect(kept.filter(within(answered + 1, last - 1)).length).toBe(last - answered - 2);
  });

  it('shuts a stream whose Pause was not confirmed, whatever it reads later', async () => {
    call = new SteadyCall({ fenceTimeoutMs: 200 });
    await call.begin();
    const { recorder } = call.fixture;
    await call.halt(600);
    const shutting = recorder.shut(call.callId, { reason: 'api', lookbackMs: 0 });
    await expect(shutting).rejects.toThrow('confirm');
    const refused = call.next;
    await delay(700);
    const kept = await call.end();
    expect(kept.filter((index) => index > refused)).toEqual([]);
  });

  it('is the last one where the process may not record any more', async () => {
    call = new SteadyCall({});
    await call.begin();
    const { recorder } = call.fixture;
    recorder.shutAll('restart');
    const forsaken = call.next;
    await expect(recorder.open(call.callId)).rejects.toThrow('may not record');
    await delay(300);
    expect((await call.end()).filter((index) => index > forsaken)).toEqual([]);
  });
});

it('a look-back reaches what came while the media thread stood still', async () => {
  const lookbackMs = 400;
  call = new SteadyCall({});
  await call.begin(lookbackMs);
  await call.halt(1_500);
  // The thread will find more than a chunk of audio, and the order behind it.
  await delay(1_000);
  const asked = call.next;
  await call.fixture.recorder.shut(call.callId, { reason: 'api', lookbackMs });
  const kept = await call.end();
  expect(kept.filter((index) => index > asked - lookbackMs / 20 + 1)).toEqual([]);
  // Without the kernel's times of arrival, all that is read after the stall may be as young.
  const leastKept = testedReceiver === 'ffi' ? asked - lookbackMs / 20 - 10 : 0;
  expect(Math.max(...kept)).toBeGreaterThan(leastKept);
});

describe('a main thread that stands still', () => {
  it.each([
    ['shuts the streams, which open again when it is back', 'shut'],
    ['leaves the streams open where losing audio is the greater harm', 'keep'],
  ] as const)('%s', async (_, onUnattended) => {
    call = new SteadyCall({ mainThreadTimeoutMs: 400, onUnattended });
    await call.begin();
    const stalled = call.next;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_600);
    const back = call.next;
    await delay(700);
    const last = call.next;
    const kept = await call.end();
    const unattended = kept.filter(within(stalled + 40, back));
    if (onUnattended === 'keep') expect(unattended.length).toBe(back - stalled - 40);
    else expect(unattended).toEqual([]);
    expect(kept.filter(within(back + 20, last - 1)).length).toBe(last - back - 21);
    const reasons = call.fixture.segments.map(({ closedBy }) => closedBy);
    expect(reasons.includes('unattended')).toBe(onUnattended === 'shut');
  });
});
