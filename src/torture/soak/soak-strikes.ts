import { between } from '../random.ts';
import type { RecorderProcess } from '../recorder-process.ts';

/** A strike on the recorder, and so on all its calls. */
export interface Strike {
  readonly name: string;
  isPossible(recorder: RecorderProcess): boolean;
  strike(recorder: RecorderProcess, random: () => number): Promise<void>;
}

const STALL_MS = [100, 1_500] as const;

export const strikes: readonly Strike[] = [
  {
    name: 'process stands still',
    isPossible: ({ canStall }) => canStall,
    strike: (recorder, random) => recorder.stall(between(random, ...STALL_MS)),
  },
  {
    name: 'thread stands still',
    isPossible: ({ canStallThread }) => canStallThread,
    strike: (recorder) => recorder.stallThread(),
  },
  {
    name: 'media thread dies',
    isPossible: ({ canCrashWorker }) => canCrashWorker,
    strike: (recorder) => recorder.crashWorker(),
  },
  {
    name: 'kill -9',
    isPossible: ({ canRestart }) => canRestart,
    strike: (recorder) => recorder.restart('SIGKILL'),
  },
  {
    name: 'SIGTERM and start',
    isPossible: ({ canRestart, canHandOver }) => canRestart && canHandOver,
    strike: (recorder) => recorder.restart('SIGTERM'),
  },
];
