import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, nowMs, type Pause } from '../../../src/simulator/verdict.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { commandClient, recordingOf } from '../../support/api.ts';
import { ffprobe } from '../../support/audio/ffprobe.ts';
import { markersInFolder } from '../../support/audio/markers-in-folder.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../../support/hush/hush-process.ts';
import { isLong, longTest } from '../../support/length.ts';
import { freeRtpPorts } from '../../support/ports.ts';

/** A crash may lose this much of each stream before it (docs/decisions/0004). */
const UNSEALED_MS = 1_000;

let caller: TestCaller;
const dataDir = temporaryFolder();

beforeAll(async () => {
  caller = await TestCaller.open();
});

afterAll(async () => {
  await caller.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Between these times nothing is expected of the recorder. */
interface Outage {
  readonly from: number;
  until: number;
}

/** A Hush that is killed, and started again on the same ports and data. */
class Phoenix {
  readonly outages: Outage[] = [];
  readonly #options: HushProcessOptions;
  #process: HushProcess;

  private constructor(options: HushProcessOptions, first: HushProcess) {
    this.#options = options;
    this.#process = first;
  }

  static async start(options: HushProcessOptions): Promise<Phoenix> {
    const rtpPorts = await freeRtpPorts();
    const first = await HushProcess.start({ ...options, rtpPorts });
    const ports = { sipUdpPort: first.peer.port, httpPort: Number(new URL(first.api).port) };
    return new Phoenix({ ...options, ...ports, rtpPorts }, first);
  }

  get current(): HushProcess {
    return this.#process;
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const margin = signal === 'SIGKILL' ? UNSEALED_MS : 0;
    const outage = { from: nowMs() - margin, until: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    await this.#process.end(signal);
    this.#process = await HushProcess.start(this.#options);
    outage.until = nowMs();
  }
}

function more(call: MarkerCall, count: number): Promise<void> {
  return call.frames((call.streams[0]?.sent.length ?? 0) + count);
}

async function framesOf(api: string, call: MarkerCall) {
  const { id, status, lengthMs, tracks } = await recordingOf(api, call.correlationId);
  const response = await fetch(`${api}/api/recordings/${id}/audio`);
  const wav = Buffer.from(await response.arrayBuffer());
  const frames = new Map(markersInWav(wav).flatMap((byTag) => [...byTag]));
  return { status, lengthMs, tracks, wav, frames };
}

test('a call outlives every kill -9, paused across the second, and ends complete', async () => {
  const hush = await Phoenix.start({ dataDir });
  const call = await caller.call(hush.current);
  const command = commandClient(hush.current.api);
  await call.frames(80);
  await hush.restart();
  await more(call, 80);
  const requestedAt = nowMs();
  const paused = await command('Pause', call.correlationId);
  expect(paused).toMatchObject({ RecordingState: 3, ErrorMessage: null });
  const answeredAt = nowMs();
  await more(call, 40);
  await hush.restart();
  await more(call, 40);
  expect(markersInFolder(dataDir)).toBe(0);
  const startRequestedAt = nowMs();
  const started = await command('Start', call.correlationId);
  expect(started).toMatchObject({ RecordingState: 1, ErrorMessage: null });
  const pause: Pause = { requestedAt, answeredAt, startRequestedAt, startAnsweredAt: nowMs() };
  await more(call, 80);
  if (isLong) await hush.restart();
  await more(call, 80);
  await call.call.end();
  const sentAt = call.streams.flatMap(({ sent }) => sent.map(({ sentAtMs }) => sentAtMs));
  const lengthMs = Math.max(...sentAt) - Math.min(...sentAt);

  const { status, wav, frames, tracks } = await framesOf(hush.current.api, call);
  expect(status).toBe('kept');
  for (const { tag, sent } of call.streams) {
    const alive = sent.filter(({ sentAtMs }) =>
      hush.outages.every(({ from, until }) => sentAtMs < from || sentAtMs > until),
    );
    const verdict = judge(sent, [pause], frames.get(tag) ?? new Map());
    expect(verdict.leaked).toEqual([]);
    expect(verdict.paused).toBeGreaterThan(70);
    const lost = alive.filter(({ index }) => verdict.missing.includes(index));
    expect(lost).toEqual([]);
    expect(frames.get(tag)?.size).toBeGreaterThan(100);
  }
  expect((await ffprobe(wav)).durationMs).toBeGreaterThan(lengthMs - 120);
  expect((await ffprobe(wav)).durationMs).toBeLessThan(lengthMs + 120);
  // The gap behind the Start lies in the last outage, or is told by itself.
  const reasons = tracks.map(({ gaps }) => new Set(gaps.map(({ reason }) => reason)));
  for (const set of reasons) set.delete('guard');
  expect(reasons).toEqual([new Set(['restart', 'api']), new Set(['restart', 'api'])]);
  expect(await hush.current.end('SIGTERM')).toBe(0);
}, 60_000);

longTest(
  'a handover loses no call, and no audio that reached the process',
  async () => {
    const hush = await Phoenix.start({ dataDir: temporaryFolder(), shutdown: 'handover' });
    const call = await caller.call(hush.current);
    await call.frames(60);
    await hush.restart('SIGTERM');
    await more(call, 60);
    await call.call.end();
    const { frames } = await framesOf(hush.current.api, call);
    for (const { tag, sent } of call.streams) {
      const alive = sent.filter(({ sentAtMs }) =>
        hush.outages.every(({ from, until }) => sentAtMs < from || sentAtMs > until),
      );
      const lost = alive.filter(({ index }) => !frames.get(tag)?.has(index));
      expect(lost).toEqual([]);
    }
    expect(await hush.current.end('SIGTERM')).toBe(0);
  },
  60_000,
);
