import { rmSync } from 'node:fs';
import { TestCaller } from '../test/support/calls.ts';
import { temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { addDemoPeople, fetchToken, tenantId } from '../test/support/people.ts';
import { Child, median } from './support/child.ts';
import type { LoadRequest, LoadResult } from './support/load-client.ts';

const CONNECTIONS = 64;
const SECONDS = 3;
const ROUNDS = 7;
const TARGET = 0.9;

/** Measures GET state with a verified token (v2) against GET state without one (v1), in turn. */
export async function benchAuth(): Promise<void> {
  const dataDir = temporaryFolder();
  const people = await addDemoPeople(dataDir);
  const hush = await HushProcess.start({ dataDir, auth: { mode: 'embedded', tenantId } });
  const load = new Child('./load-client.ts');
  const caller = await TestCaller.open();
  const { correlationId } = await caller.call(hush, { silent: true });
  const token = await fetchToken(hush.api, people.integrator);
  const bodies = Array.from({ length: CONNECTIONS }, () => []);
  const port = Number(new URL(hush.api).port);
  const run = async (path: string, get: LoadRequest['get'] & object): Promise<number> => {
    const request = { port, path, get, bodies, seconds: SECONDS } satisfies LoadRequest;
    const { requests, refused, seconds } = await load.ask<LoadResult>(request);
    if (refused > 0) throw new Error(`${refused} requests were refused`);
    return requests / seconds;
  };
  const base = '/attendantservice/api';
  const v1 = () => run(`${base}/recording/${ucc}/${correlationId}`, {});
  const v2 = () => run(`${base}/v2/recording/${ucc}/${correlationId}`, { token });
  await v1();
  await v2();
  const rounds: { v1: number; v2: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order alternates, so that neither always follows the other.
    const first = round % 2 === 0 ? { v1: await v1(), v2: await v2() } : undefined;
    const second = first ?? { v2: await v2(), v1: await v1() };
    rounds.push(second);
  }
  const ratios = rounds.map((round) => round.v2 / round.v1);
  const ratio = median(ratios);
  console.log(
    `  ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each: ` +
      `v1 ${median(rounds.map((round) => round.v1)).toFixed(0)}/s, ` +
      `v2 ${median(rounds.map((round) => round.v2)).toFixed(0)}/s: ratio ${ratio.toFixed(2)} ` +
      `(${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); ` +
      `target ${TARGET}: ${ratio >= TARGET ? 'met' : 'MISSED'}`,
  );
  await caller.close();
  await Promise.all([hush.end('SIGTERM'), load.end()]);
  rmSync(dataDir, { recursive: true, force: true });
}
