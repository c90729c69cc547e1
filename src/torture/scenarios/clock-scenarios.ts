import { setTimeout as delay } from 'node:timers/promises';
import type { ClockShift } from '../../simulator/rtp-sender.ts';
import { markerCodecs } from '../codec-markers.ts';
import { between, oneOf } from '../random.ts';
import { parties, type TortureCall } from '../torture-call.ts';
import type { Scenario } from './scenario.ts';

const codecs = markerCodecs;
/** Time given to a recorder, before the next step, to tell a new time line from jitter. */
const SETTLED_MS = 1_400;
const STAND_STILL_MS = [800, 5_000] as const;
const FROZEN_MS = 5_000;
const MAX_BACK_MS = 9_000;
const MAX_LEAP_MS = 30_000;

function anyParty({ random }: TortureCall): number {
  return between(random, 0, parties.length - 1);
}

function shift(call: TortureCall, party: number, ms: number, more: ClockShift = {}): void {
  const stream = call.streams[party];
  if (!stream) return;
  stream.shiftClock({ timestamp: Math.round(ms * stream.clockPerMs), ...more });
  call.disturb(party);
}

/** Stops the timestamps of a party for a while; it may be silent, or keep sending. */
async function standStill(call: TortureCall, party: number, how: { ms: number; sends: boolean }) {
  const stream = call.streams[party];
  if (!stream) return;
  call.disturb(party);
  stream.standStill(true);
  stream.enabled = how.sends;
  await delay(how.ms);
  stream.enabled = true;
  stream.standStill(false);
  call.disturb(party);
}

type Disturbance = (call: TortureCall) => Promise<unknown>;

export const back: Disturbance = async (call) =>
  shift(call, anyParty(call), -between(call.random, 1_000, MAX_BACK_MS));
export const leap: Disturbance = async (call) =>
  shift(call, anyParty(call), between(call.random, 1_000, MAX_LEAP_MS));
export const restart: Disturbance = async (call) =>
  shift(call, anyParty(call), 0, { sequence: between(call.random, 1, 65_535) });
export const still: Disturbance = (call) =>
  standStill(call, anyParty(call), { ms: between(call.random, ...STAND_STILL_MS), sends: false });
const stuck: Disturbance = (call) =>
  standStill(call, anyParty(call), { ms: between(call.random, 200, 800), sends: true });
const source: Disturbance = async (call) => call.changeSources();
const seam: Disturbance = (call) => call.transfer({ seam: true });
const overlap: Disturbance = (call) => call.transfer({ seam: false });

/** Senders with faulty clocks: the time of sending is known all the same. */
export const clockScenarios: readonly Scenario[] = [
  {
    name: 'clock still, silent',
    what: 'a party is silent in the pause, and its timestamps go on where they were',
    codecs,
    isSlow: true,
    insideOnly: true,
    disturb: still,
  },
  {
    name: 'clock still, sending',
    what: 'timestamps stand still while a party sends on',
    codecs,
    isSlow: true,
    disturb: stuck,
    before: settle,
  },
  {
    name: 'clock falls back',
    what: 'timestamps fall back by 1 to 9 s on one SSRC',
    codecs,
    isSlow: true,
    disturb: back,
    before: settle,
  },
  {
    name: 'clock leaps',
    what: 'timestamps leap ahead by 1 to 30 s on one SSRC',
    codecs,
    isSlow: true,
    disturb: leap,
    before: settle,
  },
  {
    name: 'clock, SSRC at Start',
    what: 'source, numbers and timestamps change as the call is started again',
    codecs,
    atStart: source,
  },
  {
    name: 'clock, numbers restart',
    what: 'sequence numbers begin anew, timestamps go on',
    codecs,
    disturb: restart,
  },
  {
    name: 'clock frozen',
    what: 'timestamps freeze for 5 s of silence before the pause, and go on',
    codecs,
    isSlow: true,
    before: async (call) => {
      await standStill(call, anyParty(call), { ms: FROZEN_MS, sends: false });
      await settle();
    },
  },
  {
    name: 'look-back',
    what: '2 s before a Pause are erased, whatever happened to clock, source or session in them',
    codecs,
    isSlow: true,
    isLookback: true,
    isPossible: ({ uccs }) => uccs.lookback !== undefined,
    needs: '--lookback-ucc',
    before: async (call) => {
      await delay(between(call.random, 2_000, 3_000));
      await oneOf(call.random, [back, leap, restart, still, source, seam, overlap])(call);
      await delay(between(call.random, 200, 2_800));
    },
  },
];

async function settle(): Promise<void> {
  await delay(SETTLED_MS);
}
