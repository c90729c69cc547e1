import { fuzzHttp, operations } from './http.ts';
import { fuzzHub } from './hub.ts';
import {
  type Finding,
  growthPerMinute,
  judgeAnswer,
  judgeMemory,
  type MemorySample,
} from './judge.ts';
import { Random } from './random.ts';
import { RtpAttack } from './rtp.ts';
import { SipAttack } from './sip.ts';
import { FuzzTarget } from './target.ts';

export const surfaces = ['http', 'sip', 'hub', 'rtp'] as const;
export type Surface = (typeof surfaces)[number];

export interface FuzzReport {
  readonly surface: Surface;
  readonly seed: number;
  readonly cases: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly firstBytes: number;
  readonly lastBytes: number;
  readonly growthBytesPerMinute: number;
}

const WORKERS = 8;
/**
 * SIP and RTP have no answers to wait for, so their rate is limited to one message per this
 * interval.
 */
const UNANSWERED_PAUSE_MS = 20;
const MAX_FINDINGS = 20;
const SHOWN_BYTES = 2_000;

type Attack = (random: Random) => Promise<{ sent: string; answer: string }>;

/** Attacks one surface of a Hush of its own, and reports its findings. */
export async function fuzz(
  surface: Surface,
  options: { seconds: number; seed: number; onProgress?(line: string): void },
): Promise<FuzzReport> {
  const { seconds, seed } = options;
  const target = await FuzzTarget.start();
  const findings: Finding[] = [];
  const statuses: Record<string, number> = {};
  const { attack, close } = attackOn(surface, target);
  const until = performance.now() + seconds * 1000;
  let cases = 0;
  const note = (what: string, sent: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ what, sent: shown(sent) });
  };
  const progress = setInterval(() => {
    const mebibytes = (target.samples.at(-1)?.bytes ?? 0) / 1024 / 1024;
    options.onProgress?.(`${surface}: ${cases} cases, ${mebibytes.toFixed(0)} MiB`);
  }, 10_000);
  const work = async (worker: number): Promise<void> => {
    const random = new Random(seed * WORKERS + worker);
    while (performance.now() < until && target.isAlive) {
      cases += 1;
      try {
        const { sent, answer } = await attack(random);
        const status = answer.slice(9, 12) || 'silence';
        statuses[status] = (statuses[status] ?? 0) + 1;
        const fault = judgeAnswer(answer);
        if (fault !== undefined) note(fault, sent);
      } catch (cause) {
        note(String(cause), '');
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  clearInterval(progress);
  close();
  if (!target.isAlive) note('the process died', '');
  else await target.checkControl().catch((cause: unknown) => note(`control: ${cause}`, ''));
  await target.stop();
  const memory = judgeMemory(target.samples);
  for (const fault of [...target.faults, ...(memory ? [memory] : [])]) note(fault, '');
  return {
    surface,
    seed,
    cases,
    statuses,
    findings,
    ...memoryOf(target.samples),
  };
}

function memoryOf(samples: readonly MemorySample[]) {
  return {
    firstBytes: samples[0]?.bytes ?? 0,
    lastBytes: samples.at(-1)?.bytes ?? 0,
    growthBytesPerMinute: growthPerMinute(samples),
  };
}

function attackOn(surface: Surface, target: FuzzTarget): { attack: Attack; close(): void } {
  const nothing = (): void => undefined;
  if (surface === 'http') {
    const known = operations();
    return { attack: (random) => fuzzHttp(target, random, known), close: nothing };
  }
  if (surface === 'hub') return { attack: (random) => fuzzHub(target, random), close: nothing };
  const unanswered = surface === 'sip' ? new SipAttack(target) : new RtpAttack(target);
  return {
    attack: async (random) => {
      const sent = await unanswered.attack(random);
      await new Promise((resolve) => setTimeout(resolve, UNANSWERED_PAUSE_MS));
      return { sent, answer: '' };
    },
    close: () => unanswered.close(),
  };
}

function shown(sent: string): string {
  return JSON.stringify(sent.slice(0, SHOWN_BYTES));
}
