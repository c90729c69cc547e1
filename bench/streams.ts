import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SrtpSuite } from '../src/protocols/srtp/suites.ts';
import { type MarkerCall, TestCaller } from '../test/support/calls.ts';
import { temporaryFolder } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { freeRtpPorts } from '../test/support/ports.ts';
import { Child, cpuSeconds, cpuTimes, median, percentile, residentBytes } from './support/child.ts';
import { LimitReceiver } from './support/limit-receiver.ts';
import { idleShare } from './support/machine.ts';
import { Commander, PauseLog } from './support/pauses.ts';
import type { RtpLoadResult, RtpTarget } from './support/rtp-load.ts';

/** Numbers of streams for which the cost of a packet is compared. */
const COMPARED = [400, 2000];
const SECONDS = 6;
const WARM_UP_SECONDS = 8;
const ROUNDS = 3;
/** SRTP is compared up to so many: the sender prepares its packets, which takes longer. */
const MOST_SRTP = 400;
const PORTS = 12_000;
/** Numbers of concurrent streams to try; the result is the largest that passes. */
const PLAIN_STEPS = [400, 1200, 2000, 3000, 4000];
const SRTP_STEPS = [400, 800, 1200, 1600, 2000];
/** The answer to a Pause may take so long where streams are counted as recorded. */
const MOST_P99_MS = 60;
const suite = 'AES_CM_128_HMAC_SHA1_80';
const gcm = 'AEAD_AES_128_GCM';
/** Time for queues to drain, and for counts reported once a second. */
const SETTLE_MS = 2_500;

type Suite = typeof suite | typeof gcm;

interface Bench {
  readonly hush: HushProcess;
  readonly load: Child;
  readonly caller: TestCaller;
}

/**
 * Compares the recorder's CPU per packet with two receivers that record nothing safely, in one run:
 * one in C, the limit, and one of Node's sockets, which only counts. Then finds how many streams
 * one media thread records while calls are paused: no packet lost, no command refused or late.
 */
export async function benchStreams(): Promise<void> {
  for (const streams of COMPARED) await withHush((bench) => comparePerPacket(bench, streams));
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
  readonly srtp?: Suite;
  readonly paused?: boolean;
}

const subjects: readonly Subject[] = [
  { name: 'plain, dropped at the gate', paused: true },
  { name: 'plain, sealed' },
  { name: 'SRTP AES-CM, sealed', srtp: suite },
  { name: 'SRTP GCM, sealed', srtp: gcm },
];

async function comparePerPacket(bench: Bench, streams: number): Promise<void> {
  const { hush, load } = bench;
  const limit = await LimitReceiver.start(streams);
  const bare = new Child('./bare-receiver.ts', [String(streams)]);
  const { ports } = await bare.next<{ ports: number[] }>();
  console.log(`${streams} streams of G.711 speech, ${ROUNDS} rounds of ${SECONDS} s in turn:`);
  const limits: number[] = [];
  const bares: number[] = [];
  const compared = subjects.filter(({ srtp }) => !srtp || streams <= MOST_SRTP);
  const costs = compared.map(() => [] as number[]);
  await warmUp(bench, streams);
  const [idleBefore, waitedBefore] = [idleShare(), cpuTimes(hush.pid).waiting];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (limit) limits.push(await microsPerPacket(load, limit));
    bares.push(await microsPerPacket(load, { pid: bare.pid, ports }));
    for (const [at, { srtp, paused }] of compared.entries()) {
      const calls = await callsOf(bench, streams, srtp);
      const pausing = new Commander(portOf(hush), idsOf(calls));
      if (paused) await pausing.pauseAll();
      pausing.close();
      costs[at]?.push(await microsPerPacket(load, { pid: hush.pid, targets: targetsOf(calls) }));
      await Promise.all(calls.map(({ call }) => call.end()));
    }
  }
  const waited = cpuTimes(hush.pid).waiting - waitedBefore;
  console.log(
    `  the machine was ${(idleShare(idleBefore) * 100).toFixed(0)} % idle; ` +
      `the recorder's threads waited ${waited.toFixed(1)} s for a core`,
  );
  await Promise.all([bare.end(), limit?.end()]);
  const base = limit ? limits : bares;
  if (limit) printCost('in C: epoll, appending chunks', limits, base);
  printCost('Node, counting', bares, base);
  for (const [at, { name }] of compared.entries()) printCost(name, costs[at] ?? [], base);
}

/** Lets V8 compile what will be measured. */
async function warmUp(bench: Bench, streams: number): Promise<void> {
  const suites = streams <= MOST_SRTP ? ([undefined, suite, gcm] as const) : [undefined];
  for (const srtp of suites) {
    const calls = await callsOf(bench, streams, srtp);
    await bench.load.ask({ targets: targetsOf(calls), seconds: WARM_UP_SECONDS });
    await Promise.all(calls.map(({ call }) => call.end()));
  }
}

function printCost(name: string, costs: readonly number[], base: readonly number[]): void {
  const ratios = costs.map((cost, round) => cost / (base[round] as number));
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  console.log(
    `  ${name.padEnd(28)} ${median(costs).toFixed(2)} us of CPU per packet, ` +
      `ratio ${median(ratios).toFixed(2)} (${range})`,
  );
}

async function microsPerPacket(
  load: Child,
  to: { pid: number; ports?: readonly number[]; targets?: readonly RtpTarget[] },
): Promise<number> {
  const { pid, ports = [], targets = ports.map((port) => ({ port })) } = to;
  const before = cpuSeconds(pid);
  const { sent } = await load.ask<RtpLoadResult>({ targets, seconds: SECONDS });
  await sleep(500);
  return ((cpuSeconds(pid) - before) * 1e6) / sent;
}

interface Search {
  readonly name: string;
  readonly steps: readonly number[];
  readonly srtp?: Suite;
}

async function findMost(bench: Bench, { name, steps, srtp }: Search): Promise<void> {
  const { hush, load } = bench;
  console.log(`${name}, one media thread, calls paused and started all the while:`);
  const calls: MarkerCall[] = [];
  const memory: Held[] = [];
  let isWarm = false;
  let most = 0;
  for (const streams of steps) {
    calls.push(...(await callsOf(bench, streams - 2 * calls.length, srtp)));
    const targets = targetsOf(calls);
    const commander = new Commander(portOf(hush), idsOf(calls).slice(0, 100));
    if (!isWarm) {
      await Promise.all([
        load.ask({ targets, seconds: WARM_UP_SECONDS }),
        commander.atRandom(new PauseLog(), WARM_UP_SECONDS),
      ]);
      // Counts of it come a little later.
      await sleep(SETTLE_MS);
    }
    isWarm = true;
    const log = new PauseLog();
    const before = await receivedBy(hush);
    const [cpuBefore, idleBefore] = [cpuTimes(hush.pid), idleShare()];
    const [{ sent, seconds }] = await Promise.all([
      load.ask<RtpLoadResult>({ targets, seconds: SECONDS }),
      commander.atRandom(log, SECONDS),
    ]);
    const cpu = cpuTimes(hush.pid);
    const micros = ((cpu.busy - cpuBefore.busy) * 1e6) / sent;
    const [waited, idle] = [cpu.waiting - cpuBefore.waiting, idleShare(idleBefore)];
    commander.close();
    await sleep(SETTLE_MS);
    const lost = sent - ((await receivedBy(hush)) - before);
    memory.push({ streams, bytes: residentBytes(hush.pid) });
    const p99 = percentile(log.pauseAcksMs, 0.99);
    if (lost === 0 && log.refused === 0 && p99 < MOST_P99_MS) most = streams;
    const acks = `Pause p50 ${median(log.pauseAcksMs).toFixed(1)} p99 ${p99.toFixed(1)} ms`;
    console.log(
      `  ${String(streams).padStart(5)} streams: ${(sent / seconds).toFixed(0)} packets/s, ` +
        `${micros.toFixed(1)} us each, lost ${lost} of ${sent}; ` +
        `${log.commands} commands, ${log.refused} refused, ${acks}; ` +
        `machine ${(idle * 100).toFixed(0)} % idle, threads waited ${waited.toFixed(1)} s`,
    );
  }
  console.log(
    `  most without loss, refusal and p99 of ${MOST_P99_MS} ms: ${most} streams; ` +
      `memory ${kibPerStream(memory).toFixed(1)} KiB per stream`,
  );
  await Promise.all(calls.map(({ call }) => call.end()));
}

interface Held {
  readonly streams: number;
  readonly bytes: number;
}

function kibPerStream(memory: readonly Held[]): number {
  const [first, last] = [memory[0], memory.at(-1)];
  if (!first || !last || first === last) return 0;
  return (last.bytes - first.bytes) / (last.streams - first.streams) / 1024;
}

/** Places calls of two streams that send nothing by themselves. */
async function callsOf(
  { caller, hush }: Bench,
  streams: number,
  srtp?: Suite,
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
      srtp: crypto && { suite: crypto.suite as SrtpSuite, key: crypto.key.toString('base64') },
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
