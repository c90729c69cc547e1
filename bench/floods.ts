import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordingOf } from '../test/support/api.ts';
import { TestCaller } from '../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../test/support/hush/hush-process.ts';
import { freePort, freeRtpPorts } from '../test/support/ports.ts';
import { Child, median, percentile } from './support/child.ts';
import { type FloodKind, type FloodRequest, floodKinds } from './support/flooder.ts';
import { Connection, requestOf } from './support/raw-http.ts';

const CALLS = 8;
const SECONDS = 4;
/** Each round is paired with a quiet one; a median of three reduces the machine's noise. */
const ROUNDS = 3;
/** Unacknowledged calls keep their ports for half a minute. */
const RTP_PORTS = 4_000;
/** Interval between a Pause and its Start: a payment page is no load. */
const EVERY_MS = 10;
const TARGET = 3;
/** Length of the recording that is downloaded. */
const RECORDED_FRAMES = 250;
/** Rows that an audit query has to examine. */
const TRAIL_ROWS = 20_000;
const guarded = {
  digest: {
    realm: 'hush',
    users: [{ name: 'sbc-1', password: 'a long enough password' }],
    algorithms: ['SHA-256'] as ('SHA-256' | 'SHA-512-256' | 'MD5')[],
    maxFailuresPerAddress: 20,
    maxFailuresPerUser: 100,
    failureWindowMs: 300_000,
  },
};

interface Latencies {
  readonly pauses: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Round {
  readonly quiet: Latencies;
  readonly flood: Latencies & { readonly sent: number };
}

/** Measures how long a Pause takes while one client floods Hush, against a quiet Hush. */
export async function benchFloods(): Promise<void> {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts(RTP_PORTS);
  const ports = { sipUdpPort: await freePort(), httpPort: await freePort(), rtpPorts };
  const options: HushProcessOptions = {
    dataDir,
    ...ports,
    shutdown: 'handover',
    mediaTimeoutMs: 3_600_000,
    environment: { HUSH_LOG_LEVEL: 'silent' },
  };
  let hush = await HushProcess.start(options);
  const caller = await TestCaller.open();
  const recordingId = await recorded(hush, caller);
  await fillTrail(ports.httpPort);
  const ids = Array.from({ length: CALLS }, () => randomUUID());
  for (const correlationId of ids) await caller.call(hush, { correlationId, silent: true });
  console.log(
    `  ${CALLS} calls, a Pause every ${2 * EVERY_MS} ms, ${ROUNDS} rounds of ${SECONDS} s each:`,
  );
  await measured(ports.httpPort, ids, 2);
  for (const kind of chosen()) {
    const isGuarded = kind === 'digest guesses';
    // Calls continue in a Hush that requires digest authentication.
    if (isGuarded) hush = await restarted(hush, { ...options, sip: guarded });
    const request = { kind, httpPort: ports.httpPort, sipPort: ports.sipUdpPort, recordingId };
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const quiet = await measured(ports.httpPort, ids, SECONDS);
      rounds.push({ quiet, flood: await flooded(request, ids) });
    }
    report(kind, rounds);
    if (isGuarded) hush = await restarted(hush, options);
  }
  await caller.close();
  await hush.end('SIGTERM');
  rmSync(dataDir, { recursive: true, force: true });
}

/** Returns the floods whose name contains the word of `--only WORD`. */
function chosen(): readonly FloodKind[] {
  const only = process.argv.indexOf('--only');
  const word = only < 0 ? '' : (process.argv[only + 1] ?? '');
  return floodKinds.filter((kind) => kind.includes(word));
}

async function restarted(hush: HushProcess, options: HushProcessOptions): Promise<HushProcess> {
  await hush.end('SIGTERM');
  return HushProcess.start(options);
}

/** Makes a recording to download. */
async function recorded(hush: HushProcess, caller: TestCaller): Promise<string> {
  const call = await caller.call(hush);
  await call.frames(RECORDED_FRAMES);
  await call.call.end();
  return (await recordingOf(hush.api, call.correlationId)).id;
}

/** Fills the audit log: every refused command is a row. */
async function fillTrail(httpPort: number): Promise<void> {
  const fill = async (connection: Connection): Promise<void> => {
    for (let row = 0; row < TRAIL_ROWS / 32; row += 1) {
      await connection.ask(command('Mark', randomUUID()));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: 32 }, () => fill(new Connection(httpPort))));
}

async function flooded(
  request: FloodRequest,
  ids: readonly string[],
): Promise<Latencies & { sent: number }> {
  const flooder = new Child('./flooder.ts');
  await flooder.ask(request);
  await sleep(1_000);
  const latencies = await measured(request.httpPort, ids, SECONDS);
  const { sent } = await flooder.ask<{ sent: number }>('sent');
  await flooder.end();
  // Lets unconfirmed calls and other remains of the flood go.
  await sleep(1_000);
  return { ...latencies, sent };
}

async function measured(
  httpPort: number,
  ids: readonly string[],
  seconds: number,
): Promise<Latencies> {
  const connection = new Connection(httpPort);
  const pausesMs: number[] = [];
  let refused = 0;
  const ask = async (action: string, id: string): Promise<number> => {
    const begun = performance.now();
    const answer = await connection.ask(command(action, id));
    if (!answer.includes('"ErrorMessage":null')) refused += 1;
    return performance.now() - begun;
  };
  const until = performance.now() + seconds * 1000;
  for (let turn = 0; performance.now() < until; turn += 1) {
    const id = ids[turn % ids.length] as string;
    pausesMs.push(await ask('Pause', id));
    await sleep(EVERY_MS);
    await ask('Start', id);
    await sleep(EVERY_MS);
  }
  connection.close();
  const [p50Ms, p99Ms] = [percentile(pausesMs, 0.5), percentile(pausesMs, 0.99)];
  return { pauses: pausesMs.length, refused, p50Ms, p99Ms };
}

function command(action: string, correlationId: string): Buffer {
  const body = {
    Action: action,
    RequesterSipUri: agent,
    CorrelationId: correlationId,
    UCCName: ucc,
  };
  return requestOf('/attendantservice/api/recording/set', JSON.stringify(body));
}

function report(kind: FloodKind, rounds: readonly Round[]): void {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const ratio = (of: 'p50Ms' | 'p99Ms'): number =>
    middle(({ quiet, flood }) => flood[of] / quiet[of]);
  const shown = (of: 'quiet' | 'flood'): string =>
    `p50 ${middle((round) => round[of].p50Ms).toFixed(1)} ` +
    `p99 ${middle((round) => round[of].p99Ms).toFixed(1)} ms`;
  const sum = (of: (round: Round) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const refused = sum(({ flood }) => flood.refused);
  const verdict = ratio('p99Ms') <= TARGET && refused === 0 ? 'met' : 'MISSED';
  console.log(
    `  ${kind.padEnd(27)} quiet ${shown('quiet')}; flooded ${shown('flood')}: ` +
      `ratio ${ratio('p50Ms').toFixed(2)}, ${ratio('p99Ms').toFixed(2)}; ` +
      `${sum(({ flood }) => flood.sent)} sent, ${sum(({ flood }) => flood.pauses)} pauses, ` +
      `refused ${refused}; target ${TARGET}: ${verdict}`,
  );
}
