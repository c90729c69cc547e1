import { setTimeout as delay } from 'node:timers/promises';
import type { PathShape } from '../path.ts';
import { between } from '../random.ts';
import { parties } from '../torture-call.ts';
import type { Scenario } from './scenario.ts';

const near: PathShape = { constantMs: 30 };
const jittery: PathShape = { constantMs: 30, jitterMs: 40 };

/** Makes one of the two parties distant, chosen at random. */
function eitherParty(shape: PathShape, other: PathShape): NonNullable<Scenario['path']> {
  let far = 0;
  return (random, party) => {
    if (party === 0) far = between(random, 0, parties.length - 1);
    return party === far ? shape : other;
  };
}

/** A late packet counts by its time of sending: paused, if the call was. */
export const delayScenarios: readonly Scenario[] = [
  {
    name: 'delay jitter',
    what: 'every packet needs 30 to 70 ms, in order',
    path: () => jittery,
  },
  {
    name: 'delay of a leg',
    what: 'one party is 200 ms late',
    lateMs: 200,
    path: eitherParty({ constantMs: 200 }, near),
  },
  {
    name: 'delay burst',
    what: 'nothing comes for 300 ms and more, then all of it after the Start',
    lateMs: 600,
    path: () => near,
    insideOnly: true,
    disturb: async ({ paths, random }) => {
      for (const path of paths) path.hold(between(random, 300, 600));
    },
  },
  {
    name: 'delay overtaken',
    what: 'three paused frames are overtaken, and come after the Start',
    lateMs: 400,
    path: () => near,
    insideOnly: true,
    disturb: async ({ paths, random }) => {
      for (const path of paths) path.overtake(3, between(random, 150, 400));
    },
  },
  {
    name: 'delay copies',
    what: 'late copies of a third of all packets',
    lateMs: 400,
    path: () => ({ ...jittery, copyShare: 0.3 }),
  },
  {
    name: 'delay changes',
    what: 'the route becomes longer or shorter during the pause',
    lateMs: 200,
    path: () => ({ constantMs: 90, jitterMs: 10 }),
    insideOnly: true,
    disturb: async (call) => {
      for (const path of call.paths) path.changeConstant(between(call.random, 10, 200));
    },
  },
  {
    name: 'delay loss',
    what: 'one packet in ten is lost, the others jitter',
    path: () => ({ ...jittery, lossShare: 0.1 }),
  },
  {
    name: 'delay and SSRC',
    what: 'paused frames of the old source are still on their way as the new one begins',
    lateMs: 200,
    path: () => ({ constantMs: 150, jitterMs: 30 }),
    insideOnly: true,
    disturb: async (call) => {
      await delay(between(call.random, 0, 60));
      call.changeSources();
    },
  },
];
