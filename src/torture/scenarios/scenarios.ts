import { setTimeout as delay } from 'node:timers/promises';
import { losing, reordering } from '../impairments.ts';
import { between, oneOf } from '../random.ts';
import { frames } from '../torture-call.ts';
import { clockScenarios } from './clock-scenarios.ts';
import { delayScenarios } from './delay-scenarios.ts';
import { processScenarios } from './process-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { seamScenarios } from './seam-scenarios.ts';

const holds = ['inactive', 'nullAddress', 'update'] as const;

const callScenarios: readonly Scenario[] = [
  { name: 'quiet', what: 'nothing else happens' },
  {
    name: 'hold',
    what: 'hold and release, by a=inactive, c=0.0.0.0 and UPDATE, while RTP goes on',
    disturb: (call) => call.hold(frames(between(call.random, 2, 6)), oneOf(call.random, holds)),
  },
  {
    name: 'transfer',
    what: 'a second recording session joins, the first one leaves',
    disturb: (call) => call.transfer({ seam: false }),
  },
  {
    name: 'seam',
    what: 'the only session ends, the next one begins after it',
    insideOnly: true,
    disturb: (call) => call.transfer({ seam: true }),
  },
  {
    name: 're-INVITE',
    what: 'the audio comes from other ports',
    disturb: (call) => call.changePorts(),
  },
  {
    name: 'SSRC',
    what: 'the source, its numbers and timestamps change',
    disturb: async (call) => call.changeSources(),
  },
  { name: 'loss', what: 'packets are lost and doubled', impairment: losing },
  { name: 'reordering', what: 'packets overtake each other', impairment: reordering },
];

const strikes: readonly Scenario[] = [
  {
    name: 'stall',
    what: 'the recorder stands still for 300 ms',
    isPossible: ({ recorder }) => recorder.canStall,
    needs: '--pid',
    strike: (recorder) => recorder.stall(),
  },
  {
    name: 'worker',
    what: 'a media thread of the recorder dies',
    isPossible: ({ recorder }) => recorder.canCrashWorker,
    needs: '--pid and --crash-worker',
    strike: (recorder) => recorder.crashWorker(),
    isOutage: true,
  },
  {
    name: 'kill -9',
    what: 'the recorder is killed and started again',
    isPossible: ({ recorder }) => recorder.canRestart,
    needs: '--pid and --restart',
    strike: async (recorder) => {
      await recorder.restart();
      await delay(frames(1));
    },
    isOutage: true,
  },
];

export const scenarios: readonly Scenario[] = [
  ...callScenarios,
  ...delayScenarios,
  ...clockScenarios,
  ...seamScenarios,
  ...strikes,
  ...processScenarios,
];
