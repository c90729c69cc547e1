import { rmSync } from 'node:fs';
import { recordingOf } from '../test/support/api.ts';
import { type MarkerCall, TestCaller } from '../test/support/calls.ts';
import { temporaryFolder } from '../test/support/hush.ts';
import { HushProcess } from '../test/support/hush-process.ts';
import { Child, cpuSeconds, median, residentBytes } from './support/child.ts';
import type { RtpLoadRequest, RtpLoadResult } from './support/rtp-load.ts';

const CALLS = 400;
const STREAMS = CALLS * 2;
const SECONDS = 10;
const ROUNDS = 3;

interface Receiver {
  readonly pid: number;
  readonly ports: readonly number[];
}

/** CPU per packet of the sealing recorder beside that of a bare receiver that only counts. */
export async function benchStreams(): Promise<void> {
  const dataDir = temporaryFolder();
  const load = new Child('./rtp-load.ts');
  const bare = new Child('./bare-receiver.ts', [String(STREAMS)]);
  const { ports } = await bare.next<{ ports: number[] }>();
  const hush = await HushProcess.start({ dataDir });
  const caller = await TestCaller.open();
  const idleBytes = residentBytes(hush.pid);
  const calls: MarkerCall[] = [];
  while (calls.length < CALLS) calls.push(await caller.call(hush, { silent: true }));
  const hushPorts = calls.flatMap(({ call }) =>
    call.streams.map((stream) => stream.remote?.port ?? 0),
  );

  const bareCosts: number[] = [];
  const hushCosts: number[] = [];
  let sentToBare = 0;
  let sentToHush = 0;
  let rate = 0;
  console.log(
    `${STREAMS} streams of G.711 at 50 packets/s, ${ROUNDS} rounds of ${SECONDS} s in turn:`,
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const counted = await measure(load, { pid: bare.pid, ports });
    bareCosts.push(counted.microsPerPacket);
    sentToBare += counted.sent;
    const sealed = await measure(load, { pid: hush.pid, ports: hushPorts });
    hushCosts.push(sealed.microsPerPacket);
    sentToHush += sealed.sent;
    rate = sealed.sent / sealed.seconds;
  }
  const memory = (residentBytes(hush.pid) - idleBytes) / STREAMS / 1024;
  const { received } = await bare.ask<{ received: number }>({ type: 'count' });
  await Promise.all(calls.map(({ call }) => call.end()));
  const kept = await keptPackets(hush, calls);

  const ratios = hushCosts.map((cost, index) => cost / (bareCosts[index] as number));
  console.log(`  bare receiver, counting   ${median(bareCosts).toFixed(1)} us of CPU per packet`);
  console.log(`  recorder, sealing         ${median(hushCosts).toFixed(1)} us of CPU per packet`);
  console.log(
    `  ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}) ` +
      `at ${rate.toFixed(0)} packets/s; lost: bare ${sentToBare - received}, recorder ${sentToHush - kept} ` +
      `of ${sentToHush}; memory ${memory.toFixed(1)} KiB per stream`,
  );
  await caller.close();
  await Promise.all([hush.end('SIGTERM'), bare.end(), load.end()]);
  rmSync(dataDir, { recursive: true, force: true });
}

async function measure(load: Child, receiver: Receiver) {
  const before = cpuSeconds(receiver.pid);
  const request: RtpLoadRequest = { ports: receiver.ports, seconds: SECONDS };
  const { sent, seconds } = await load.ask<RtpLoadResult>(request);
  // What waits in the sockets' queues belongs to this round.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { sent, seconds, microsPerPacket: ((cpuSeconds(receiver.pid) - before) * 1e6) / sent };
}

async function keptPackets(hush: HushProcess, calls: readonly MarkerCall[]): Promise<number> {
  let kept = 0;
  for (const { correlationId } of calls) {
    const { tracks } = await recordingOf(hush.api, correlationId);
    for (const { packets } of tracks) kept += packets.kept ?? 0;
  }
  return kept;
}
