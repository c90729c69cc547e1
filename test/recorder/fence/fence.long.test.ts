import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, nowMs, type Pause } from '../../../src/simulator/verdict.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { type CommandClient, commandClient, recordingOf } from '../../support/api.ts';
import { markersInFolder } from '../../support/audio/markers-in-folder.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess } from '../../support/hush/hush-process.ts';
import { stamped } from '../../support/hush/stamped.ts';
import { sized } from '../../support/length.ts';

const CALLS = sized(12, 50);
const PAUSES = sized(12, 20);
/** Of 20 ms: what is left out behind a Start beyond the guard interval. */
const MAX_MISSING_PER_START = 1;

let hush: HushProcess;
let caller: TestCaller;
let client: CommandClient;
const dataDir = temporaryFolder();

beforeAll(async () => {
  hush = await HushProcess.start({ dataDir, stalling: true });
  caller = await TestCaller.open();
  client = commandClient(hush.api);
});

afterAll(async () => {
  await caller.close();
  await hush.end('SIGTERM');
  rmSync(dataDir, { recursive: true, force: true });
});

function someTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 180));
}

async function pauseAndStart(call: MarkerCall): Promise<Pause> {
  const requestedAt = nowMs();
  const paused = await client('Pause', call.correlationId);
  const answeredAt = nowMs();
  expect(paused).toMatchObject({ ErrorMessage: null, RecordingState: 3 });
  await someTime();
  const startRequestedAt = nowMs();
  const started = await client('Start', call.correlationId);
  expect(started).toMatchObject({ ErrorMessage: null, RecordingState: 1 });
  return { requestedAt, answeredAt, startRequestedAt, startAnsweredAt: nowMs() };
}

async function pauseOften(call: MarkerCall): Promise<Pause[]> {
  const pauses: Pause[] = [];
  for (let count = 0; count < PAUSES; count += 1) {
    await someTime();
    pauses.push(await pauseAndStart(call));
  }
  await someTime();
  return pauses;
}

async function recordedFrames(call: MarkerCall): Promise<Map<number, Map<number, number>>> {
  const { id } = await recordingOf(hush.api, call.correlationId);
  const response = await fetch(`${hush.api}/api/recordings/${id}/audio`);
  expect(response.status).toBe(200);
  const channels = markersInWav(Buffer.from(await response.arrayBuffer()));
  return new Map(channels.flatMap((byTag) => [...byTag]));
}

test('nothing of a pause is on the disk, nothing from outside it is missing', async () => {
  const calls = await Promise.all(Array.from({ length: CALLS }, () => caller.call(hush)));
  const pauses = await Promise.all(calls.map(pauseOften));
  // While the calls still run, and their pauses are over, no audio stands readable on the disk.
  expect(markersInFolder(dataDir)).toBe(0);
  await Promise.all(calls.map(({ call }) => call.end()));

  const total = { paused: 0, outside: 0, leaked: 0, missing: 0 };
  for (const [index, call] of calls.entries()) {
    const recorded = await recordedFrames(call);
    for (const { tag, sent } of call.streams) {
      const found = recorded.get(tag) ?? new Map();
      const verdict = judge(sent, pauses[index] ?? [], found);
      const { missing } = judge(stamped(sent), pauses[index] ?? [], found);
      expect(verdict.leaked, `stream ${tag} leaked`).toEqual([]);
      total.missing += missing.length;
      total.paused += verdict.paused;
      total.outside += verdict.outside;
    }
  }
  console.log(`${CALLS} calls x ${PAUSES} pauses:`, total);
  expect(total.paused).toBeGreaterThan(CALLS * PAUSES);
  expect(total.outside).toBeGreaterThan(CALLS * PAUSES);
  // A thread that reads late takes a path for slower than it is: more is left out behind a Start.
  const starts = calls.reduce((sum, { streams }) => sum + streams.length * PAUSES, 0);
  expect(total.missing).toBeLessThanOrEqual(starts * MAX_MISSING_PER_START);
  expect(markersInFolder(dataDir)).toBe(0);
}, 120_000);

test('the judge finds what leaked and what is missing', () => {
  const sent = [10, 20, 30, 40].map((sentAtMs, index) => ({ index, sentAtMs }));
  const pause = { requestedAt: 14, answeredAt: 15, startRequestedAt: 25, startAnsweredAt: 26 };
  const recorded = new Map([0, 1, 3].map((index) => [index, 0]));
  expect(judge(sent, [pause], recorded)).toMatchObject({ leaked: [1], missing: [2] });
});
