import type { Scenario } from './scenario.ts';

/** Interference by other programs with the recorder's machine. */
export const processScenarios: readonly Scenario[] = [
  {
    name: 'second process',
    what: 'another recorder is started on the same data, and must refuse',
    isPossible: ({ recorder }) => recorder.canStartSecond,
    needs: '--second',
    isSlow: true,
    strike: (recorder) => recorder.startSecond(),
  },
  {
    name: 'log disk full',
    what: 'what the recorder logs to takes nothing any more',
    isPossible: ({ recorder }) => recorder.canFillLog,
    needs: '--fill-log',
    strike: (recorder) => recorder.fillLog(),
  },
];
