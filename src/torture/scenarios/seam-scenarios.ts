import { setTimeout as delay } from 'node:timers/promises';
import { between, oneOf } from '../random.ts';
import { frames, type TortureCall } from '../torture-call.ts';
import type { Scenario, Subject } from './scenario.ts';

/** One half of a dialogue: the commands given while its session is up. */
type Half = (call: TortureCall) => Promise<unknown>;

const talk = ({ random }: TortureCall) => delay(frames(between(random, 15, 30)));

async function pauseAndStart(call: TortureCall): Promise<void> {
  const none = Promise.resolve();
  const inside = () => delay(frames(between(call.random, 8, 16)));
  await call.pauseAround(inside, { withPause: none, withStart: () => none });
  await talk(call);
}

interface Seam {
  readonly first: Half;
  readonly second: Half;
  readonly isForgetful?: boolean;
  readonly needsLeases?: boolean;
}

/** Pauses in the first half, and their ends in the second. */
const seams: readonly [Seam, ...Seam[]] = [
  { first: pauseAndStart, second: (call) => call.command('Delete') },
  { first: (call) => call.command('Delete'), second: pauseAndStart },
  { first: (call) => call.command('Delete'), second: (call) => call.command('Save') },
  { first: (call) => call.command('Save'), second: (call) => call.command('Delete') },
  { first: pauseAndStart, second: (call) => call.command('Save'), isForgetful: true },
  { first: (call) => call.command('Save'), second: pauseAndStart, isForgetful: true },
  ...(['Pause', 'lease'] as const).map((by) => ({
    first: async (call: TortureCall) => {
      await (by === 'Pause' ? call.pause() : call.takeLease());
      await delay(frames(10));
    },
    second: async (call: TortureCall) => {
      await delay(frames(10));
      await (by === 'Pause' ? call.start() : call.releaseLease());
      await talk(call);
    },
    needsLeases: by === 'lease',
  })),
];

/** Replaces the session: BYE then INVITE, or the other way round; to this UCC or another. */
async function run(call: TortureCall, { uccs, hasLeases }: Subject): Promise<void> {
  const { random, uccName } = call;
  const { forgetful } = uccs;
  const possible = seams.filter(
    ({ isForgetful, needsLeases }) =>
      (!isForgetful || forgetful !== undefined) && (!needsLeases || hasLeases),
  );
  const { first, second, isForgetful } = oneOf(random, [seams[0], ...possible.slice(1)]);
  const home = isForgetful ? (forgetful ?? uccName) : uccName;
  const to = isForgetful || random() < 0.5 ? home : (uccs.other ?? home);
  await call.join(home);
  await talk(call);
  await pauseAndStart(call);
  await first(call);
  await talk(call);
  await call.transfer({ seam: random() < 0.5, to });
  await talk(call);
  await second(call);
  await pauseAndStart(call);
}

export const seamScenarios: readonly Scenario[] = [
  {
    name: 'seam with commands',
    what: 'a session is replaced between Delete, Save, Pause, a lease and what ends them',
    isSlow: true,
    script: run,
  },
];
