import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { commandClient, recordingOf } from '../../support/api.ts';
import { ffprobe } from '../../support/audio/ffprobe.ts';
import { type MarkerCall, TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../../support/hush/hush-process.ts';
import { longTest } from '../../support/length.ts';
import { freeRtpPorts } from '../../support/ports.ts';

/** Simulates a power failure: unsynced writes are lost. */

const dataDir = temporaryFolder();
let caller: TestCaller;
beforeAll(async () => {
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const size = (path: string): number => statSync(path).size;
const cuts: Record<string, (path: string) => void> = {
  cut: (path) => truncateSync(path, Math.floor(size(path) * 0.6)),
  zeroed: (path) => writeFileSync(path, readFileSync(path).fill(0, Math.floor(size(path) * 0.6))),
  gone: (path) => rmSync(path),
  empty: (path) => truncateSync(path, 0),
};

const more = (call: MarkerCall, count: number): Promise<void> =>
  call.frames((call.streams[0]?.sent.length ?? 0) + count);

async function expectTold(api: string, name: string, call: MarkerCall): Promise<void> {
  const { correlationId } = call;
  const { id, status, lengthMs, tracks } = await recordingOf(api, correlationId);
  const health = await (await fetch(`${api}/api/calls/${id}/health`)).json();
  expect([name, status, health]).toMatchObject([name, 'kept', { verdict: 'degraded' }]);
  const { reasons } = health as { reasons: { code: string }[] };
  expect([name, reasons.map(({ code }) => code)]).toEqual([name, ['audioDamaged']]);
  for (const track of tracks) {
    // A client on a busy machine leaves silences, and a Start its guard interval.
    const gaps = track.gaps.filter(({ reason }) => reason !== 'guard' && reason !== 'silence');
    expect([name, gaps.map(({ reason }) => reason)]).toEqual([name, ['api', 'lost', 'api']]);
    const [first, lost] = gaps;
    expect(first?.lengthMs).toBeGreaterThan(550);
    expect(first?.lengthMs).toBeLessThan(3_000);
    expect(lost?.lengthMs).toBeGreaterThan(name === 'gone' || name === 'empty' ? 1_500 : 300);
    expect(lost?.lengthMs).toBeLessThan(4_000);
  }
  for (const one of (health as { tracks: Record<string, number>[] }).tracks) {
    const { expectedMs = 0, keptMs = 0, absentMs = 0, lostMs = 0 } = one;
    expect(keptMs + absentMs + lostMs).toBe(expectedMs);
  }
  await expectPlayed(api, { id, lengthMs }, call);
}

async function expectPlayed(
  api: string,
  { id, lengthMs }: { id: string; lengthMs: number | null },
  { streams }: MarkerCall,
): Promise<void> {
  const wav = Buffer.from(await (await fetch(`${api}/api/recordings/${id}/audio`)).arrayBuffer());
  expect(Math.abs((await ffprobe(wav)).durationMs - (lengthMs ?? 0))).toBeLessThan(1);
  const frames = new Map(markersInWav(wav).flatMap((byTag) => [...byTag]));
  for (const { tag } of streams) {
    const heard = [...(frames.get(tag)?.keys() ?? [])];
    expect(heard.filter((index) => index < 95).length).toBe(95);
    expect(heard.filter((index) => index > 260).length).toBeGreaterThan(30);
  }
  const alarms = await (await fetch(`${api}/api/alarms?kind=audioDamaged`)).json();
  const raised = (alarms as { items: { callId: string }[] }).items;
  expect(raised.filter(({ callId }) => callId === id)).toHaveLength(1);
}

longTest(
  'a recording after a power cut shows pauses and losses, and plays the rest',
  async () => {
    const options: HushProcessOptions = { dataDir, rtpPorts: await freeRtpPorts() };
    let hush = await HushProcess.start(options);
    const ports = { sipUdpPort: hush.peer.port, httpPort: Number(new URL(hush.api).port) };
    const command = commandClient(hush.api);
    const calls = new Map<string, MarkerCall>();
    for (const name of Object.keys(cuts)) calls.set(name, await caller.call(hush));
    const each = (act: (call: MarkerCall) => Promise<unknown>) =>
      Promise.all([...calls.values()].map(act));
    const order = (action: string) =>
      each(async ({ correlationId }) =>
        expect(await command(action, correlationId)).toMatchObject({ ErrorMessage: null }),
      );
    await each((call) => more(call, 100));
    await order('Pause');
    await each((call) => more(call, 30));
    await order('Start');
    await each((call) => more(call, 100));
    await order('Pause');
    await each((call) => more(call, 10));
    const ids = new Map<string, string>();
    for (const [name, { correlationId }] of calls) {
      const found = await (await fetch(`${hush.api}/api/calls/${correlationId}`)).json();
      ids.set(name, (found as { id: string }).id);
    }
    await hush.end('SIGKILL');
    for (const [name, harm] of Object.entries(cuts)) {
      const folder = join(dataDir, 'recordings', ids.get(name) ?? '');
      // The second segment of each track: the first one was synced long ago.
      for (const file of readdirSync(folder)) if (file.endsWith('-1.seg')) harm(join(folder, file));
    }
    hush = await HushProcess.start({ ...options, ...ports });
    await order('Start');
    await each((call) => more(call, 50));
    await each(({ call }) => call.end());

    for (const [name, call] of calls) await expectTold(hush.api, name, call);
    expect(await hush.end('SIGTERM')).toBe(0);
  },
  60_000,
);
