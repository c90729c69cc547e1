import { rmSync } from 'node:fs';
import { hubContract } from '../src/hub/hub-contract.ts';
import { commandClient } from '../test/support/api.ts';
import { TestCaller } from '../test/support/calls.ts';
import { temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { freeRtpPorts } from '../test/support/ports.ts';
import type { BroadcastRequest, BroadcastResult } from './support/broadcaster.ts';
import { Child, median, percentile, residentBytes } from './support/child.ts';
import type { ListenRequest, ListenResult } from './support/hub-listeners.ts';

const CLIENTS = 1_000;
const LISTENERS = 2;
const ROUNDS = 9;
const SECONDS = 0.8;
/** Events that one turn publishes when commits are grouped. */
const BURST = 20;
const EVENTS_PER_SECOND = 100;
const LATENCY_SECONDS = 10;
const SAMPLE_CALLS = 50;
const path = hubContract.paths.signalr;

interface Cost {
  readonly perSecond: number;
  readonly microsEach: number;
}

/** A server and its clients. */
class Broadcast {
  readonly name: string;
  readonly #server: Child;
  readonly #listeners = Array.from({ length: LISTENERS }, () => new Child('./hub-listeners.ts'));
  kibPerClient = 0;

  constructor(name: 'hub' | 'bare') {
    this.name = name;
    this.#server = new Child('./broadcaster.ts', [name]);
  }

  async connect(): Promise<void> {
    const { port } = await this.#server.next<{ port: number }>();
    const before = residentBytes(this.#server.pid);
    await connectAll(this.#listeners, port);
    this.kibPerClient = (residentBytes(this.#server.pid) - before) / CLIENTS / 1024;
  }

  async round(burst: number): Promise<Cost> {
    const cpuBefore = await this.#cpuMicros();
    const begun = performance.now();
    const heard = Promise.all(this.#listeners.map((child) => child.next<ListenResult>()));
    const request: BroadcastRequest = { seconds: SECONDS, burst };
    const { events } = await this.#server.ask<BroadcastResult>(request);
    const results = await heard;
    const seconds = (performance.now() - begun) / 1000;
    const cpu = (await this.#cpuMicros()) - cpuBefore;
    const wrong = results.find((result) => result.events !== events);
    if (wrong) throw new Error(`${this.name}: ${wrong.events} of ${events} events arrived`);
    const delivered = events * CLIENTS;
    return { perSecond: delivered / seconds, microsEach: cpu / delivered };
  }

  async end(): Promise<void> {
    await Promise.all([this.#server, ...this.#listeners].map((child) => child.end()));
  }

  async #cpuMicros(): Promise<number> {
    return (await this.#server.ask<{ microseconds: number }>({ type: 'cpu' })).microseconds;
  }
}

async function connectAll(listeners: readonly Child[], port: number): Promise<void> {
  const request: ListenRequest = { port, path, clients: CLIENTS / listeners.length };
  await Promise.all(listeners.map((child) => child.ask<{ connected: number }>(request)));
}

/**
 * Compares the hub with a bare `ws` broadcast of the same bytes, and measures an event's latency
 * through all of Hush.
 */
export async function benchHub(): Promise<void> {
  const bare = new Broadcast('bare');
  const hub = new Broadcast('hub');
  await bare.connect();
  await hub.connect();
  console.log(`${CLIENTS} WebSocket clients, ${ROUNDS} rounds of ${SECONDS} s each, in turn:`);
  const single = await compare([bare, hub], 1);
  report('one record per frame', single, 0.9);
  const grouped = await compare([bare, hub], BURST);
  report(`${BURST} events a turn`, grouped, 5);
  console.log(
    `  memory per client: hub ${hub.kibPerClient.toFixed(1)} KiB, ` +
      `bare ws ${bare.kibPerClient.toFixed(1)} KiB`,
  );
  await Promise.all([bare.end(), hub.end()]);
  await benchLatency();
}

interface Comparison {
  readonly bare: Cost[];
  readonly hub: Cost[];
}

async function compare([bare, hub]: [Broadcast, Broadcast], burst: number): Promise<Comparison> {
  const results: Comparison = { bare: [], hub: [] };
  await bare.round(burst);
  await hub.round(burst);
  for (let round = 0; round < ROUNDS; round += 1) {
    results.bare.push(await bare.round(burst));
    results.hub.push(await hub.round(burst));
  }
  return results;
}

function report(name: string, { bare, hub }: Comparison, target: number): void {
  const rate = (costs: readonly Cost[]) => median(costs.map(({ perSecond }) => perSecond));
  const cpu = (costs: readonly Cost[]) => median(costs.map(({ microsEach }) => microsEach));
  const ratio = rate(hub) / rate(bare);
  const line = (label: string, costs: readonly Cost[]) =>
    `  ${name.padEnd(21)} ${label.padEnd(8)} ${rate(costs).toFixed(0).padStart(9)} events/s  ` +
    `${cpu(costs).toFixed(2)} us of CPU each`;
  console.log(line('bare ws', bare));
  console.log(line('hub', hub));
  console.log(
    `  ${name.padEnd(21)} ratio ${ratio.toFixed(2)}, of CPU ${(cpu(bare) / cpu(hub)).toFixed(2)}; ` +
      `target ${target}: ${ratio >= target ? 'holds' : 'FAILS'}`,
  );
}

/**
 * Measures from the instant of effect to one subscriber, commit included; alone, then among many.
 */
async function benchLatency(): Promise<void> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({
    dataDir,
    rtpPorts: await freeRtpPorts(SAMPLE_CALLS * 10),
  });
  const caller = await TestCaller.open();
  const ids: string[] = [];
  while (ids.length < SAMPLE_CALLS) {
    ids.push((await caller.call(hush, { silent: true })).correlationId);
  }
  const ear = new Child('./hub-ear.ts', [`${hush.api.replace('http', 'ws')}${path}`, ucc]);
  await ear.next();
  console.log(`  whole Hush, ${EVENTS_PER_SECOND} events/s, effect to client, commit included:`);
  await reportDelays('one client', hush, { ear, ids });
  const listeners = Array.from({ length: LISTENERS }, () => new Child('./hub-listeners.ts'));
  await connectAll(listeners, Number(new URL(hush.api).port));
  await reportDelays(`one of ${CLIENTS} more`, hush, { ear, ids });
  await caller.close();
  await Promise.all([hush.end('SIGTERM'), ear.end(), ...listeners.map((child) => child.end())]);
  rmSync(dataDir, { recursive: true, force: true });
}

interface Sample {
  readonly ear: Child;
  readonly ids: readonly string[];
}

async function reportDelays(name: string, hush: HushProcess, { ear, ids }: Sample): Promise<void> {
  await commandAtRate(hush, ids, 1);
  await ear.ask({});
  await commandAtRate(hush, ids, LATENCY_SECONDS);
  const { delaysMs } = await ear.ask<{ delaysMs: number[] }>({});
  console.log(
    `    ${name.padEnd(17)} p50 ${median(delaysMs).toFixed(1)} ms, ` +
      `p99 ${percentile(delaysMs, 0.99).toFixed(1)} ms, max ${Math.max(...delaysMs).toFixed(1)} ms ` +
      `(${delaysMs.length} events)`,
  );
}

async function commandAtRate(
  hush: HushProcess,
  ids: readonly string[],
  seconds: number,
): Promise<void> {
  const command = commandClient(hush.api);
  const begun = performance.now();
  const answers: Promise<unknown>[] = [];
  while (answers.length < seconds * EVENTS_PER_SECOND) {
    const index = answers.length;
    const dueAt = begun + (index * 1000) / EVENTS_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
    const action = Math.floor(index / ids.length) % 2 === 0 ? 'Mark' : 'UnMark';
    answers.push(command(action, ids[index % ids.length] ?? ''));
  }
  await Promise.all(answers);
}
