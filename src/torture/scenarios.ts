import { setTimeout as delay } from 'node:timers/promises';
import { type Impairment, losing, reordering } from './impairments.ts';
import { frames, type TortureCall } from './torture-call.ts';
import type { Victim } from './victim.ts';

/** What happens to a call around each of its pauses. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  impairment?(random: () => number): Impairment;
  /** Of one call; it races the Pause, or the Start, or falls inside. */
  disturb?(call: TortureCall, random: () => number): Promise<unknown>;
  /** It only makes sense while the call is paused. */
  readonly insideOnly?: boolean;
  /** Of the recorder, and so of every call at once. */
  readonly strike?: (victim: Victim) => Promise<void>;
  /** What the kit must have been given for it. */
  isPossible?(victim: Victim): boolean;
  /** A strike that costs audio, but must leak none. */
  readonly isOutage?: boolean;
}

const holds = ['inactive', 'nullAddress', 'update'] as const;

export const scenarios: readonly Scenario[] = [
  { name: 'quiet', what: 'nothing else happens' },
  {
    name: 'hold',
    what: 'hold and release, by a=inactive, c=0.0.0.0 and UPDATE, while RTP goes on',
    disturb: (call, random) => {
      const by = holds[Math.floor(random() * holds.length)] ?? 'inactive';
      return call.hold(frames(2 + Math.floor(random() * 5)), by);
    },
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
  {
    name: 'stall',
    what: 'the recorder stands still for 300 ms',
    isPossible: (victim) => victim.canStall,
    strike: (victim) => victim.stall(),
  },
  {
    name: 'worker',
    what: 'a media thread of the recorder dies',
    isPossible: (victim) => victim.canCrashWorker,
    strike: (victim) => victim.crashWorker(),
    isOutage: true,
  },
  {
    name: 'kill -9',
    what: 'the recorder is killed and started again',
    isPossible: (victim) => victim.canRestart,
    strike: async (victim) => {
      await victim.restart();
      await delay(frames(1));
    },
    isOutage: true,
  },
];
