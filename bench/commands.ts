import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { startPostgres } from '../test/store/database-servers.ts';
import { TestCaller } from '../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { Child, cpuByThread, median, microsByThread } from './support/child.ts';
import type { LoadRequest, LoadResult } from './support/load-client.ts';
import type { MarkerTarget } from './support/marker-sender.ts';

const CONNECTIONS = 64;
const SECONDS = 4;
const ROUNDS = 5;
const path = '/attendantservice/api/recording/set';

/** A run, and how long each kind of thread was busy for a request, in us. */
interface Measured extends LoadResult {
  readonly threads: string;
}

function bodyOf(action: string, correlationId: string): string {
  return JSON.stringify({
    Action: action,
    RequesterSipUri: agent,
    CorrelationId: correlationId,
    UCCName: ucc,
  });
}

/** The store that Hush commits to. */
interface StoreUnderTest {
  readonly name: string;
  readonly store: NonNullable<Parameters<typeof HushProcess.start>[0]['store']>;
}

/**
 * Measures POST commands/s with durable commits, of calls that send audio, each round against the
 * same route that does nothing.
 */
export async function benchCommands(): Promise<void> {
  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, in turn:`);
  await measureOn({ name: 'SQLite', store: {} });
  const server = await startPostgres();
  try {
    const { url = '' } = await server.empty();
    await measureOn({ name: 'PostgreSQL', store: { kind: 'postgres', url } });
  } finally {
    await server.stop();
  }
}

async function measureOn({ name, store }: StoreUnderTest): Promise<void> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir, store });
  const idle = new Child('./idle-server.ts');
  const idlePort = (await idle.next<AddressInfo>()).port;
  const load = new Child('./load-client.ts');
  const sender = new Child('./marker-sender.ts');
  const caller = await TestCaller.open();
  const ids = Array.from({ length: CONNECTIONS }, () => randomUUID());
  const targets: MarkerTarget[] = [];
  for (const correlationId of ids) {
    const { call } = await caller.call(hush, { correlationId, silent: true });
    const ports = call.streams.map(({ remote }) => remote?.port ?? 0);
    targets.push(...ports.map((port, side) => ({ port, tag: targets.length + side + 1 })));
  }
  await sender.ask({ targets });
  const hushPort = Number(new URL(hush.api).port);
  const run = async (port: number, actions: readonly string[]): Promise<Measured> => {
    const bodies = ids.map((id) => actions.map((action) => bodyOf(action, id)));
    const { pid } = port === hushPort ? hush : idle;
    const before = cpuByThread(pid);
    const request = { port, path, bodies, seconds: SECONDS } satisfies LoadRequest;
    const result = await load.ask<LoadResult>(request);
    return { ...result, threads: microsByThread(before, cpuByThread(pid), result.requests) };
  };
  console.log(`  ${name}:`);
  for (const actions of [['Mark'], ['Pause', 'Start']]) {
    await report(actions.join(' and '), async () => [
      await run(idlePort, actions),
      await run(hushPort, actions),
    ]);
  }
  await sender.ask('stop');
  await caller.close();
  // By now each call has hundreds of segments to settle, which nobody will read.
  await Promise.all([hush.end('SIGKILL'), idle.end(), load.end(), sender.end()]);
  rmSync(dataDir, { recursive: true, force: true });
}

async function report(name: string, round: () => Promise<Measured[]>): Promise<void> {
  const idles: Measured[] = [];
  const commands: Measured[] = [];
  await round();
  for (let count = 0; count < ROUNDS; count += 1) {
    const [idle, command] = await round();
    if (idle) idles.push(idle);
    if (command) commands.push(command);
  }
  const rate = (results: readonly LoadResult[]) =>
    median(results.map(({ requests, seconds }) => requests / seconds));
  const ratios = commands.map((command, index) => {
    const idle = idles[index] as LoadResult;
    return command.requests / command.seconds / (idle.requests / idle.seconds);
  });
  const refused = commands.reduce((sum, result) => sum + result.refused, 0);
  if (refused > 0) {
    // A refusal costs less than a command: its rate says nothing.
    console.log(`  ${name.padEnd(16)} refused ${refused}: no figure`);
    process.exitCode = 1;
    return;
  }
  console.log(
    `  ${name.padEnd(16)} ${rate(commands).toFixed(0)}/s, idle route ${rate(idles).toFixed(0)}/s: ` +
      `ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ` +
      `${Math.max(...ratios).toFixed(2)}); p50 ${median(commands.map((r) => r.p50Ms)).toFixed(1)} ms, ` +
      `p99 ${median(commands.map((r) => r.p99Ms)).toFixed(1)} ms ` +
      `(idle p99 ${median(idles.map((r) => r.p99Ms)).toFixed(1)} ms)`,
  );
  console.log(`    busy per command, us: ${commands.at(-1)?.threads}`);
  console.log(`    busy per request of the idle route, us: ${idles.at(-1)?.threads}`);
}
