import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge, nowMs, type Pause } from '../../../src/simulator/verdict.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { ffprobe } from '../../support/audio/ffprobe.ts';
import type { MarkerCall } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess } from '../../support/hush/hush-process.ts';
import { longTest } from '../../support/length.ts';
import { freeRtpPorts } from '../../support/ports.ts';
import { type ApiBench, openBench } from '../api-support.ts';

let bench: ApiBench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

/** Listens to a call until it ends, or the listener leaves. */
class Ear {
  readonly response: Promise<Response>;
  readonly heard: Buffer[] = [];
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  #onPiece: (() => void) | undefined;

  constructor(correlationId: string) {
    const address = `${bench.hush.api}/api/calls/${correlationId}/audio`;
    this.response = fetch(address, { signal: this.#abort.signal });
    this.ended = this.#listen().catch(() => undefined);
  }

  get wav(): Buffer {
    const whole = Buffer.concat(this.heard);
    return whole.subarray(0, whole.length - (whole.length % 4));
  }

  /** Resolves once that frame of the stream, or a later one, has been heard on its side. */
  async until(side: number, tag: number, index: number): Promise<void> {
    while (Math.max(-1, ...this.indexes(side, tag)) < index) {
      await new Promise<void>((resolve) => {
        this.#onPiece = resolve;
      });
    }
  }

  indexes(side: number, tag: number): number[] {
    return this.heard.length === 0
      ? []
      : [...(markersInWav(this.wav)[side]?.get(tag) ?? [])].map(([index]) => index);
  }

  leave(): void {
    this.#abort.abort();
  }

  async #listen(): Promise<void> {
    for await (const piece of (await this.response).body ?? []) {
      this.heard.push(Buffer.from(piece));
      this.#onPiece?.();
    }
  }
}

function sentBy(placed: MarkerCall, side: number) {
  const stream = placed.streams[side];
  if (!stream) throw new Error('no such stream');
  return stream;
}

describe('a call in progress', () => {
  test('is heard as it is recorded: nothing of a pause, and all of the rest', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(5);
    const ear = new Ear(placed.correlationId);
    const [left, right] = [sentBy(placed, 0), sentBy(placed, 1)];
    await ear.until(0, left.tag, 40);
    const requestedAt = nowMs();
    await bench.hush.command('Pause', placed.correlationId);
    const answeredAt = nowMs();
    await placed.frames(left.sent.length + 60);
    const startRequestedAt = nowMs();
    await bench.hush.command('Start', placed.correlationId);
    const pause: Pause = { requestedAt, answeredAt, startRequestedAt, startAnsweredAt: nowMs() };
    await placed.frames(left.sent.length + 60);
    await placed.call.end();
    await ear.ended;
    for (const [side, { tag, sent }] of [left, right].entries()) {
      const recorded = markersInWav(ear.wav)[side]?.get(tag) ?? new Map();
      const first = Math.min(...recorded.keys());
      const verdict = judge(
        sent.filter(({ index }) => index > first),
        [pause],
        recorded,
      );
      expect(verdict.paused).toBeGreaterThan(50);
      expect(verdict.leaked).toEqual([]);
      expect(verdict.outside).toBeGreaterThan(60);
      // The last frames may arrive after the call, and cuts may split frames.
      expect(verdict.missing.length, verdict.missing.join()).toBeLessThanOrEqual(2);
    }
    expect((await ear.response).headers.get('content-type')).toBe('audio/wav');
    expect(await ffprobe(ear.wav)).toMatchObject({ codec: 'pcm_s16le', channels: 2 });
    const { items } = await bench.hush.get('/api/audit-log?limit=10');
    expect(items.filter(({ action }: { action: string }) => action === 'listen')).toHaveLength(1);
  });

  test('stops for a listener that leaves, and is 404 for an unknown call', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(5);
    const ear = new Ear(placed.correlationId);
    await ear.until(1, sentBy(placed, 1).tag, 2);
    ear.leave();
    await ear.ended;
    await placed.call.end();
    await bench.hush.settled(placed.correlationId);
    const gone = await fetch(`${bench.hush.api}/api/calls/${placed.correlationId}/audio`);
    expect(gone.status).toBe(404);
  });

  test('keeps no listener that left while it was paused', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(5);
    await bench.hush.command('Pause', placed.correlationId);
    const ears = Array.from({ length: 32 }, () => new Ear(placed.correlationId));
    const answers = await Promise.all(ears.map(({ response }) => response));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const address = `${bench.hush.api}/api/calls/${placed.correlationId}/audio`;
    expect((await fetch(address)).status).toBe(503);
    for (const ear of ears) ear.leave();
    await Promise.all(ears.map(({ ended }) => ended));
    const status = async (): Promise<number> => {
      const abort = new AbortController();
      const response = await fetch(address, { signal: abort.signal });
      abort.abort();
      return response.status;
    };
    await expect.poll(status, { timeout: 5_000 }).toBe(200);
    await placed.call.end();
  });

  longTest(
    'does not delay a hand-over: listeners are cut off, and the call continues',
    async () => {
      const dataDir = temporaryFolder();
      const rtpPorts = await freeRtpPorts();
      const another = await HushProcess.start({ dataDir, rtpPorts, shutdown: 'handover' });
      const placed = await bench.caller.call(another);
      await placed.frames(5);
      const heard = await fetch(`${another.api}/api/calls/${placed.correlationId}/audio`);
      expect(heard.status).toBe(200);
      const ended = heard.arrayBuffer().catch(() => undefined);
      expect(await another.end('SIGTERM')).toBe(0);
      await ended;
      // The caller's BYE, too, needs who answers it.
      const sipUdpPort = another.peer.port;
      const next = await HushProcess.start({ dataDir, rtpPorts, sipUdpPort });
      const listed = await fetch(`${next.api}/api/calls`);
      const { items } = (await listed.json()) as { items: { correlationId: string }[] };
      expect(items.map(({ correlationId }) => correlationId)).toEqual([placed.correlationId]);
      await placed.call.end();
      await next.end('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    },
  );

  longTest('moves its meters only while it is recorded', async () => {
    const placed = await bench.caller.call(bench.hush);
    const levels = async (): Promise<(number | null)[]> => {
      const { items } = await bench.hush.get(`/api/calls/levels?id=${placed.correlationId}`);
      return items[0].tracks.map(({ dbfs }: { dbfs: number | null }) => dbfs);
    };
    await placed.frames(5);
    await expect.poll(levels, { timeout: 5_000 }).toEqual([expect.any(Number), expect.any(Number)]);
    for (const dbfs of await levels()) {
      expect(dbfs).toBeGreaterThan(-40);
      expect(dbfs).toBeLessThan(0);
    }
    await bench.hush.command('Pause', placed.correlationId);
    await expect.poll(levels, { timeout: 8_000 }).toEqual([null, null]);
    await bench.hush.command('Start', placed.correlationId);
    await expect.poll(levels, { timeout: 8_000 }).toEqual([expect.any(Number), expect.any(Number)]);
    await placed.call.end();
    // A first look during a pause shows no earlier level.
    const paused = await bench.caller.call(bench.hush);
    await paused.frames(80);
    await bench.hush.command('Pause', paused.correlationId);
    const { items } = await bench.hush.get(`/api/calls/levels?id=${paused.correlationId}`);
    expect(items[0].tracks).toMatchObject([{ dbfs: null }, { dbfs: null }]);
    await paused.call.end();
    const unknown = await fetch(`${bench.hush.api}/api/calls/levels`);
    expect(unknown.status).toBe(400);
  });
});
