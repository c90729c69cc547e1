import { rmSync } from 'node:fs';
import { type MarkerCall, TestCaller } from '../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { freeRtpPorts } from '../test/support/ports.ts';
import { cpuSeconds, median, percentile } from './support/child.ts';

const CALLS = 40;
const VIEWERS = 3;
const LISTENERS = 8;
const LOOK_MS = 700;
const ROUND_MS = 6_000;
const ROUNDS = 3;
const COMMAND_EVERY_MS = 30;

interface Round {
  /** Share of one core. */
  readonly cpu: number;
  /** Latencies of Pause and Start, in turn. */
  readonly latencies: readonly number[];
}

/**
 * Measures the cost of the levels of 40 calls and of listening to eight: CPU, and a Pause's
 * latency.
 */
export async function benchLive(): Promise<void> {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts(400);
  const hush = await HushProcess.start({ dataDir, rtpPorts, auth: { mode: 'none' } });
  const caller = await TestCaller.open();
  const placed: MarkerCall[] = [];
  for (let count = 0; count < CALLS; count += 1) placed.push(await caller.call(hush));
  const ids = placed.map(({ correlationId }) => correlationId);
  const audiences: Record<string, () => () => void> = {
    'nobody looks': () => () => undefined,
    [`${VIEWERS} look at ${CALLS} calls’ levels`]: () => view(hush.api, ids),
    [`${LISTENERS} listen to a call each`]: () => listen(hush.api, ids.slice(0, LISTENERS)),
  };
  const rounds = new Map<string, Round[]>();
  for (let count = 0; count < ROUNDS; count += 1) {
    for (const [name, begin] of Object.entries(audiences)) {
      const end = begin();
      const round = await measured(hush, ids);
      end();
      rounds.set(name, [...(rounds.get(name) ?? []), round]);
    }
  }
  const base = rounds.get('nobody looks') ?? [];
  for (const [name, some] of rounds) console.log(`  ${name}: ${told(some, base)}`);
  await caller.close();
  await hush.end('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}

function told(rounds: readonly Round[], base: readonly Round[]): string {
  const cpu = (some: readonly Round[]) => median(some.map((round) => round.cpu));
  const at = (some: readonly Round[], share: number) =>
    percentile(
      some.flatMap(({ latencies }) => latencies),
      share,
    );
  const ratio = (share: number) => (at(rounds, share) / at(base, share)).toFixed(2);
  return (
    `${(cpu(rounds) * 100).toFixed(0)} % of a core, ${(cpu(rounds) / cpu(base)).toFixed(2)} times; ` +
    `Pause and Start p50 ${at(rounds, 0.5).toFixed(1)} ms, ${ratio(0.5)} times, ` +
    `p99 ${at(rounds, 0.99).toFixed(1)} ms, ${ratio(0.99)} times`
  );
}

async function measured(hush: HushProcess, ids: readonly string[]): Promise<Round> {
  const latencies: number[] = [];
  const [cpuBefore, began] = [cpuSeconds(hush.pid), performance.now()];
  for (let index = 0; performance.now() - began < ROUND_MS; index += 1) {
    for (const action of ['Pause', 'Start']) {
      const sentAt = performance.now();
      await command(hush.api, action, ids[index % ids.length]);
      latencies.push(performance.now() - sentAt);
      await new Promise((resolve) => setTimeout(resolve, COMMAND_EVERY_MS));
    }
  }
  const seconds = (performance.now() - began) / 1000;
  return { cpu: (cpuSeconds(hush.pid) - cpuBefore) / seconds, latencies };
}

async function command(api: string, Action: string, CorrelationId = ''): Promise<void> {
  const response = await fetch(`${api}/attendantservice/api/recording/set`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ Action, RequesterSipUri: agent, CorrelationId, UCCName: ucc }),
  });
  const { ErrorMessage } = (await response.json()) as { ErrorMessage: unknown };
  if (ErrorMessage !== null) throw new Error(JSON.stringify(ErrorMessage));
}

/** Requests the levels as the console does: of all calls on a screen, once in 700 ms. */
function view(api: string, ids: readonly string[]): () => void {
  const query = ids.map((id) => `id=${id}`).join('&');
  const timers = Array.from({ length: VIEWERS }, () =>
    setInterval(() => {
      void fetch(`${api}/api/calls/levels?${query}`)
        .then((response) => response.arrayBuffer())
        .catch(() => undefined);
    }, LOOK_MS),
  );
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

function listen(api: string, ids: readonly string[]): () => void {
  const left = new AbortController();
  for (const id of ids) {
    void fetch(`${api}/api/calls/${id}/audio`, { signal: left.signal })
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
  }
  return () => left.abort();
}
