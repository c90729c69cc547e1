import { setTimeout as delay } from 'node:timers/promises';
import { back, leap, restart, still } from './clock-scenarios.ts';
import type { PathShape } from './path.ts';
import { between, oneOf } from './random.ts';
import { frames, type TortureCall } from './torture-call.ts';

/** What a dialogue of the soak goes through, one thing after the other. */
export type SoakAction = (call: TortureCall) => Promise<unknown>;

const holds = ['inactive', 'nullAddress', 'update'] as const;

const changes: readonly [SoakAction, ...SoakAction[]] = [
  (call) => call.changePorts(),
  async (call) => call.changeSources(),
  back,
  leap,
  restart,
  still,
  async ({ paths, random }) => {
    for (const path of paths) path.hold(between(random, 100, 500));
  },
  async ({ paths, random }) => {
    for (const path of paths) path.overtake(3, between(random, 100, 400));
  },
];

const change: SoakAction = (call) => oneOf(call.random, changes)(call);
const hold: SoakAction = (call) =>
  call.hold(frames(between(call.random, 10, 60)), oneOf(call.random, holds));
const nothing: SoakAction = () => Promise.resolve();

const inPause: readonly [SoakAction, ...SoakAction[]] = [nothing, change, hold, transfer];

async function pause(call: TortureCall): Promise<void> {
  await call.pause();
  await delay(frames(between(call.random, 10, 60)));
  await oneOf(call.random, inPause)(call);
  await delay(frames(between(call.random, 5, 20)));
  await call.start();
}

async function lease(call: TortureCall): Promise<void> {
  await call.takeLease();
  await delay(frames(between(call.random, 10, 60)));
  await oneOf(call.random, inPause)(call);
  await call.releaseLease();
}

function transfer(call: TortureCall): Promise<void> {
  return call.transfer({ seam: call.random() < 0.5 });
}

const actions: readonly [SoakAction, ...SoakAction[]] = [
  pause,
  ...[pause, pause, lease, hold, transfer, change],
];

/** Most parties are near; some are behind a network. */
export function soakPath(random: () => number): PathShape | undefined {
  return oneOf(random, [
    undefined,
    undefined,
    { constantMs: 30, jitterMs: 40 },
    { constantMs: 200 },
    { constantMs: 60, jitterMs: 20, copyShare: 0.05, lossShare: 0.02 },
  ]);
}

/** Of all dialogues, one in ten is told to be destroyed in the end. */
const DELETE_SHARE = 0.1;

/** One dialogue, from its first session to the end of its last one, while `goesOn`. */
export async function liveThrough(
  call: TortureCall,
  { lifeMs, guardMs }: { readonly lifeMs: number; readonly guardMs: number },
): Promise<void> {
  const until = performance.now() + lifeMs;
  await call.join();
  while (performance.now() < until) {
    await delay(guardMs + between(call.random, 300, 2_000));
    await oneOf(call.random, actions)(call);
  }
  await delay(guardMs + 500);
  if (call.random() < DELETE_SHARE) await call.command('Delete');
  await call.end();
}
