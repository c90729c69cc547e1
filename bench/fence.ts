import { setTimeout as sleep } from 'node:timers/promises';
import type { SentFrame } from '../src/simulator/verdict.ts';
import { judge, type Pause } from '../src/simulator/verdict.ts';
import { Child, percentile } from './support/child.ts';
import {
  booleanGateSubject,
  hushSubject,
  type Recorded,
  type Subject,
} from './support/fence-subjects.ts';
import type { SentTimes } from './support/marker-sender.ts';
import { Commander, PauseLog } from './support/pauses.ts';

const CALLS = 200;
const STREAMS = CALLS * 2;
const SECONDS = 8;
const WARM_UP_SECONDS = 2;
/** Audio before the first pause and after the last one. */
const MARGIN_MS = 500;
const FRAME_MS = 20;
const CELL_WIDTH = 27;
const TARGET_P99_MS = 50;

interface Verdicts {
  readonly paused: number;
  readonly outside: number;
  readonly leaked: number;
  readonly missing: number;
}

interface Result extends Verdicts {
  readonly atRandom: PauseLog;
  /** Empty for a subject that stalls. */
  readonly atOnce: PauseLog;
}

/**
 * Compares the fence with a plain boolean on the same traffic: cost of commands, leaks and losses.
 */
export async function benchFence(): Promise<void> {
  const sender = new Child('./marker-sender.ts');
  console.log(
    `  ${CALLS} calls, ${STREAMS} streams of G.711 at 50 packets/s from a process of its own; v1 commands over ` +
      'HTTP to each, one open connection per call',
  );
  console.log(`  ${row(['ack in ms: p50 / p99 / max', 'Pause', 'Start', 'commands'])}`);
  const run = (name: string, subject: Subject) => measure(name, subject, sender);
  const quiet = await run('Hush, quiet', await hushSubject(CALLS, false));
  const disk = new Child('./busy-disk.ts');
  await run('Hush, disk busy', await hushSubject(CALLS, false));
  await disk.end();
  const gate = await run('boolean, quiet', await booleanGateSubject(CALLS, 'quiet'));
  const stalled = await run('Hush, stalls', await hushSubject(CALLS, true));
  const gateStalled = await run('boolean, stalls', await booleanGateSubject(CALLS, 'stalls'));
  await run('boolean, thread stalls', await booleanGateSubject(CALLS, 'thread'));
  await sender.end();
  report({ quiet, gate, stalled, gateStalled });
}

async function measure(name: string, subject: Subject, sender: Child): Promise<Result> {
  const ids = subject.calls.map(({ correlationId }) => correlationId);
  const commander = new Commander(subject.port, ids);
  const [warmUp, atRandom, atOnce] = [new PauseLog(), new PauseLog(), new PauseLog()];
  await sender.ask({ targets: subject.calls.flatMap(({ targets }) => targets) });
  await sleep(MARGIN_MS);
  await commander.atRandom(warmUp, WARM_UP_SECONDS);
  await commander.atRandom(atRandom, SECONDS);
  printAcks(name, atRandom);
  if (name.endsWith('quiet')) {
    await commander.atOnce(atOnce);
    printAcks(`  all ${CALLS} calls at once`, atOnce);
  }
  await sleep(MARGIN_MS);
  const sent = await sender.ask<SentTimes[]>('stop');
  // Packets still in the sockets' queues belong to this subject.
  await sleep(MARGIN_MS);
  commander.close();
  const files = { sent, recorded: await subject.finish() };
  const verdicts = judgeAll(subject, files, [warmUp, atRandom, atOnce]);
  await subject.close();
  printVerdicts(verdicts);
  return { ...verdicts, atRandom, atOnce };
}

function judgeAll(
  subject: Subject,
  { sent, recorded }: { sent: readonly SentTimes[]; recorded: Recorded },
  logs: readonly PauseLog[],
): Verdicts {
  const total = { paused: 0, outside: 0, leaked: 0, missing: 0 };
  const byTag = new Map(sent.map((times) => [times.tag, times]));
  for (const { correlationId, targets } of subject.calls) {
    const pauses = logs.flatMap(({ byCall }) => byCall.get(correlationId) ?? []);
    for (const { tag } of targets) {
      const frames = framesBeyondDoubt(byTag.get(tag), pauses);
      const verdict = judge(frames, pauses, recorded.get(tag) ?? new Map());
      total.paused += verdict.paused;
      total.outside += verdict.outside;
      total.leaked += verdict.leaked.length;
      total.missing += verdict.missing.length;
    }
  }
  return total;
}

/**
 * Returns the frames that certainly left before or after every request and answer. A frame is of
 * the time that its stamp says: a sender that was late with it sent it for then.
 */
function framesBeyondDoubt(times: SentTimes | undefined, pauses: readonly Pause[]): SentFrame[] {
  const instants = pauses.flatMap((pause) => Object.values(pause) as number[]);
  const afterMs = times?.afterMs ?? [];
  const begunMs = Math.min(...afterMs.map((sentAtMs, index) => sentAtMs - index * FRAME_MS));
  return afterMs.flatMap((sentAtMs, index) => {
    const stampedMs = begunMs + index * FRAME_MS;
    const beforeMs = times?.beforeMs[index] ?? Number.POSITIVE_INFINITY;
    const doubtful = instants.some((instant) => instant >= stampedMs && instant <= beforeMs);
    return doubtful ? [] : [{ index, sentAtMs }];
  });
}

function printAcks(name: string, log: PauseLog): void {
  const refused = log.refused > 0 ? `, refused ${log.refused}` : '';
  const cells = [name, acks(log.pauseAcksMs), acks(log.startAcksMs), `${log.commands}${refused}`];
  console.log(`  ${row(cells)}`);
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(CELL_WIDTH))
    .join('')
    .trimEnd();
}

function acks(values: readonly number[]): string {
  const shown = [percentile(values, 0.5), percentile(values, 0.99), Math.max(...values)];
  return shown.map((ms) => ms.toFixed(1)).join(' / ');
}

function printVerdicts({ paused, outside, leaked, missing }: Verdicts): void {
  console.log(
    `    leaked ${leaked} of ${paused} paused frames; wrongly dropped ${missing} of ${outside} others`,
  );
}

function report(results: Record<'quiet' | 'gate' | 'stalled' | 'gateStalled', Result>): void {
  const { quiet, gate, stalled, gateStalled } = results;
  const p99 = (values: readonly number[]) => percentile(values, 0.99);
  const ratio = (ours: PauseLog, theirs: PauseLog): string =>
    `Pause ${(p99(ours.pauseAcksMs) / p99(theirs.pauseAcksMs)).toFixed(2)}, ` +
    `Start ${(p99(ours.startAcksMs) / p99(theirs.startAcksMs)).toFixed(2)}`;
  console.log(
    `  ack p99, Hush to boolean gate: quiet ${ratio(quiet.atRandom, gate.atRandom)}; all at once ` +
      `${ratio(quiet.atOnce, gate.atOnce)}; stalls ${ratio(stalled.atRandom, gateStalled.atRandom)}`,
  );
  const logs = [quiet.atRandom, quiet.atOnce];
  const slowest = Math.max(...logs.flatMap((log) => [p99(log.pauseAcksMs), p99(log.startAcksMs)]));
  const sum = (key: 'leaked' | 'missing'): number => quiet[key] + stalled[key];
  const refused = [...logs, stalled.atRandom].reduce((count, log) => count + log.refused, 0);
  const held = slowest <= TARGET_P99_MS && sum('leaked') + sum('missing') + refused === 0;
  console.log(
    `  targets ${held ? 'held' : 'MISSED'}: ack p99 ${slowest.toFixed(1)} ms (at most ${TARGET_P99_MS}, ` +
      `${STREAMS} streams), leaked ${sum('leaked')} (0), wrongly dropped ${sum('missing')} (0)`,
  );
}
