import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MarkerCall, TestCaller } from '../test/support/calls.ts';
import { temporaryFolder } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { freeRtpPorts } from '../test/support/ports.ts';
import { Child, cpuSeconds, median, percentile, residentBytes } from './support/child.ts';
import { Commander, PauseLog } from './support/pauses.ts';
import type { RtpLoadResult, RtpTarget } from './support/rtp-load.ts';

const STREAMS = 400;
const SECONDS = 6;
const ROUNDS = 3;
const PORTS = 8_000;
/** Numbers of concurrent streams to try; the result is the largest without loss. */
const PLAIN_STEPS = [400, 800, 1200, 1600, 2000, 2400];
const SRTP_STEPS = [400, 800, 1200];
const suite = 'AES_CM_128_HMAC_SHA1_80';
/** Time for queues to drain, and for counts reported once a second. */
const SETTLE_MS = 2_500;

interface Bench {
  readonly hush: HushProcess;
  readonly load: Child;
  readonly caller: TestCaller;
}

/**
 * Compares the recorder's CPU per packet with a bare receiver that only counts, in one run; then
 * finds how many streams one media thread records without losing a packet while calls are paused.
 */
export async function benchStreams(): Promise<void> {
  await withHush(comparePerPacket);
  await withHush((bench) => findMost(bench, { name: 'sealed', steps: PLAIN_STEPS }));
  await withHush((bench) =>
    findMost(bench, { name: 'SRTP, sealed', steps: SRTP_STEPS, srtp: suite }),
  );
}

/** Gives each part a recorder of its own, without another part's memory. */
async function withHush(run: (bench: Bench) => Promise<void>): Promise<void> {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts(PORTS);
  const environment = { HUSH_LOG_LEVEL: 'silent' };
  const hush = await HushProcess.start({ dataDir, rtpPorts, environment });
  const bench = { hush, load: new Child('./rtp-load.ts'), caller: await TestCaller.open() };
  try {
    await run(bench);
  } finally {
    await bench.caller.close();
    await Promise.all([hush.end('SIGTERM'), bench.load.end()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface Subject {
  readonly name: string;
  readonly srtp?: typeof suite;
  readonly paused?: boolean;
}

const subjects: readonly Subject[] = [
  { name: 'plain, dropped at the gate', paused: true },
  { name: 'plain, sealed' },
  { name: 'SRTP, sealed', srtp: suite },
];

async function comparePerPacket(bench: Bench): Promise<void> {
  const { hush, load } = bench;
  const bare = new Child('./bare-receiver.ts', [String(STREAMS)]);
  const { ports } = await bare.next<{ ports: number[] }>();
  const bareTargets = ports.map((port) => ({ port }));
  console.log(`${STREAMS} streams of G.711 speech, ${ROUNDS} rounds of ${SECONDS} s in turn:`);
  const bareCosts: number[] = [];
  const costs = subjects.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round += 1) {
    bareCosts.push(await microsPerPacket(load, { pid: bare.pid, targets: bareTargets }));
    for (const [at, { srtp, paused }] of subjects.entries()) {
      const calls = await callsOf(bench, STREAMS, srtp);
      const pausing = new Commander(portOf(hush), idsOf(calls));
      if (paused) await pausing.pauseAll();
      pausing.close();
      costs[at]?.push(await microsPerPacket(load, { pid: hush.pid, targets: targetsOf(calls) }));
      await Promise.all(calls.map(({ call }) => call.end()));
    }
  }
  await bare.end();
  console.log(
    `  ${'bare receiver, counting'.padEnd(28)} ${median(bareCosts).toFixed(1)} us of CPU per packet`,
  );
  for (const [at, { name }] of subjects.entries()) {
    const ours = costs[at] ?? [];
    const ratios = ours.map((cost, round) => cost / (bareCosts[round] as number));
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    console.log(
      `  ${name.padEnd(28)} ${median(ours).toFixed(1)} us, ratio ${median(ratios).toFixed(2)} (${range})`,
    );
  }
}

async function microsPerPacket(
  load: Child,
  { pid, targets }: { pid: number; targets: readonly RtpTarget[] },
): Promise<number> {
  const before = cpuSeconds(pid);
  const { sent } = await load.ask<RtpLoadResult>({ targets, seconds: SECONDS });
  await sleep(500);
  return ((cpuSeconds(pid) - before) * 1e6) / sent;
}

interface Search {
  readonly name: string;
  readonly steps: readonly number[];
  readonly srtp?: typeof suite;
}

async function findMost(bench: Bench, { name, steps, srtp }: Search): Promise<void> {
  const { hush, load } = bench;
  console.log(`${name}, one media thread, calls paused and started all the while:`);
  const calls: MarkerCall[] = [];
  const memory: { streams: number; bytes: number }[] = [];
  let most = 0;
  for (const streams of steps) {
    calls.push(...(await callsOf(bench, streams - 2 * calls.length, srtp)));
    const targets = targetsOf(calls);
    const commander = new Commander(portOf(hush), idsOf(calls).slice(0, 100));
    const log = new PauseLog();
    const before = await receivedBy(hush);
    const cpuBefore = cpuSeconds(hush.pid);
    const [{ sent, seconds }] = await Promise.all([
      load.ask<RtpLoadResult>({ targets, seconds: SECONDS }),
      commander.atRandom(log, SECONDS),
    ]);
    const micros = ((cpuSeconds(hush.pid) - cpuBefore) * 1e6) / sent;
    commander.close();
    await sleep(SETTLE_MS);
    const lost = sent - ((await receivedBy(hush)) - before);
    memory.push({ streams, bytes: residentBytes(hush.pid) });
    if (lost === 0 && log.refused === 0) most = streams;
    const p99 = percentile(log.pauseAcksMs, 0.99).toFixed(1);
    const acks = `Pause p50 ${median(log.pauseAcksMs).toFixed(1)} p99 ${p99} ms`;
    console.log(
      `  ${String(streams).padStart(5)} streams: ${(sent / seconds).toFixed(0)} packets/s, ` +
        `${micros.toFixed(1)} us each, lost ${lost} of ${sent}; ` +
        `${log.commands} commands, ${log.refused} refused, ${acks}`,
    );
  }
  const [first, last] = [memory[0], memory.at(-1)];
  const slope =
    first && last ? (last.bytes - first.bytes) / (last.streams - first.streams) / 1024 : 0;
  console.log(`  most without loss: ${most} streams; memory ${slope.toFixed(1)} KiB per stream`);
  await Promise.all(calls.map(({ call }) => call.end()));
}

/** Places calls of two streams that send nothing by themselves. */
async function callsOf(
  { caller, hush }: Bench,
  streams: number,
  srtp?: typeof suite,
): Promise<MarkerCall[]> {
  const calls: MarkerCall[] = [];
  while (calls.length * 2 < streams) {
    calls.push(await caller.call(hush, { silent: true, ...(srtp ? { srtp } : {}) }));
  }
  return calls;
}

function targetsOf(calls: readonly MarkerCall[]): RtpTarget[] {
  return calls.flatMap(({ call }) =>
    call.streams.map(({ remote, crypto }) => ({
      port: remote?.port ?? 0,
      srtp: crypto && { suite, key: crypto.key.toString('base64') },
    })),
  );
}

function idsOf(calls: readonly MarkerCall[]): string[] {
  return calls.map(({ correlationId }) => correlationId);
}

function portOf({ api }: HushProcess): number {
  return Number(new URL(api).port);
}

async function receivedBy({ api }: HushProcess): Promise<number> {
  const text = await (await fetch(`${api}/metrics`)).text();
  return Number(/^hush_rtp_packets_received_total (\S+)$/m.exec(text)?.[1] ?? 0);
}
