import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { TestCaller } from '../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { Child, median } from './support/child.ts';
import type { LoadRequest, LoadResult } from './support/load-client.ts';

const CONNECTIONS = 64;
const SECONDS = 4;
const ROUNDS = 5;
const path = '/attendantservice/api/recording/set';

function bodyOf(action: string, correlationId: string): string {
  return JSON.stringify({
    Action: action,
    RequesterSipUri: agent,
    CorrelationId: correlationId,
    UCCName: ucc,
  });
}

/**
 * Measures POST commands/s with durable commits, each round against the same route that does
 * nothing.
 */
export async function benchCommands(): Promise<void> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir });
  const idle = new Child('./idle-server.ts');
  const idlePort = (await idle.next<AddressInfo>()).port;
  const load = new Child('./load-client.ts');
  const caller = await TestCaller.open();
  const ids = Array.from({ length: CONNECTIONS }, () => randomUUID());
  for (const correlationId of ids) await caller.call(hush, { correlationId, silent: true });
  const hushPort = Number(new URL(hush.api).port);
  const run = (port: number, actions: readonly string[]): Promise<LoadResult> => {
    const bodies = ids.map((id) => actions.map((action) => bodyOf(action, id)));
    return load.ask<LoadResult>({ port, path, bodies, seconds: SECONDS } satisfies LoadRequest);
  };
  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, in turn:`);
  for (const actions of [['Mark'], ['Pause', 'Start']]) {
    await report(actions.join(' and '), async () => [
      await run(idlePort, actions),
      await run(hushPort, actions),
    ]);
  }
  await caller.close();
  await Promise.all([hush.end('SIGTERM'), idle.end(), load.end()]);
  rmSync(dataDir, { recursive: true, force: true });
}

async function report(name: string, round: () => Promise<LoadResult[]>): Promise<void> {
  const idles: LoadResult[] = [];
  const commands: LoadResult[] = [];
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
  console.log(
    `  ${name.padEnd(16)} ${rate(commands).toFixed(0)}/s, idle route ${rate(idles).toFixed(0)}/s: ` +
      `ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ` +
      `${Math.max(...ratios).toFixed(2)}); p50 ${median(commands.map((r) => r.p50Ms)).toFixed(1)} ms, ` +
      `p99 ${median(commands.map((r) => r.p99Ms)).toFixed(1)} ms ` +
      `(idle p99 ${median(idles.map((r) => r.p99Ms)).toFixed(1)} ms); refused ${refused}`,
  );
}
