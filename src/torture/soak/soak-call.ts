import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../../simulator/verdict.ts';
import type { PathShape } from '../path.ts';
import { between, oneOf } from '../random.ts';
import { back, leap, restart, still } from '../scenarios/clock-scenarios.ts';
import { frames, type TortureCall } from '../torture-call.ts';

/** A step of a soak's dialogue; steps run one after the other. */
export type SoakAction = (call: TortureCall) => Promise<unknown>;

const holdStyles = ['inactive', 'nullAddress', 'update'] as const;

interface Change {
  readonly name: string;
  readonly happen: SoakAction;
}

/** Changes that every recorder has to handle. */
const plainChanges: readonly [Change, ...Change[]] = [
  { name: 'other ports', happen: (call) => call.changePorts() },
  { name: 'other sources', happen: async (call) => call.changeSources() },
];

const allChanges: readonly [Change, ...Change[]] = [
  ...plainChanges,
  { name: 'clock back', happen: back },
  { name: 'clock leap', happen: leap },
  { name: 'numbers restart', happen: restart },
  { name: 'clock still', happen: still },
  {
    name: 'burst',
    happen: async ({ paths, random }) => {
      for (const path of paths) path.hold(between(random, 100, 500));
    },
  },
  {
    name: 'overtaken',
    happen: async ({ paths, random }) => {
      for (const path of paths) path.overtake(3, between(random, 100, 400));
    },
  },
];

/** All changes, or only those that leave sending and arriving the same. */
export type SoakWeather = 'rough' | 'calm';

class Life {
  readonly #call: TortureCall;
  readonly #changes: readonly [Change, ...Change[]];

  constructor(call: TortureCall, weather: SoakWeather) {
    this.#call = call;
    this.#changes = weather === 'calm' ? plainChanges : allChanges;
  }

  next(): Promise<unknown> {
    const actions = [this.pause, this.pause, this.pause, this.lease] as const;
    const others = [this.hold, this.transfer, this.change];
    return this.#do([...actions, ...others]);
  }

  readonly pause = async (): Promise<void> => {
    this.#note('pause');
    await this.#call.pause();
    await this.#inside();
    this.#note('start');
    await this.#call.start();
  };

  readonly lease = async (): Promise<void> => {
    this.#note('lease');
    await this.#call.takeLease();
    await this.#inside();
    this.#note('lease ends');
    await this.#call.releaseLease();
  };

  readonly hold = async (): Promise<void> => {
    const { random } = this.#call;
    this.#note('hold');
    await this.#call.hold(frames(between(random, 10, 60)), oneOf(random, holdStyles));
  };

  readonly transfer = async (): Promise<void> => {
    const seam = this.#call.random() < 0.5;
    this.#note(seam ? 'seam' : 'transfer');
    await this.#call.transfer({ seam });
  };

  readonly change = async (): Promise<void> => {
    const { name, happen } = oneOf(this.#call.random, this.#changes);
    this.#note(name);
    await happen(this.#call);
  };

  async #inside(): Promise<void> {
    const { random } = this.#call;
    await delay(frames(between(random, 10, 60)));
    await this.#do([() => Promise.resolve(), this.change, this.hold, this.transfer]);
    await delay(frames(between(random, 5, 20)));
  }

  #do(actions: readonly [SoakAction, ...SoakAction[]]): Promise<unknown> {
    return oneOf(this.#call.random, actions)(this.#call);
  }

  #note(what: string): void {
    this.#call.notes.push({ atMs: nowMs(), what });
  }
}

/** Returns a party's network: most parties are near, some are far. */
export function soakPath(random: () => number): PathShape | undefined {
  return oneOf(random, [
    undefined,
    undefined,
    { constantMs: 30, jitterMs: 40 },
    { constantMs: 200 },
    { constantMs: 60, jitterMs: 20, copyShare: 0.05, lossShare: 0.02 },
  ]);
}

/** Share of dialogues whose destruction is commanded in the end: one in ten. */
const DELETE_SHARE = 0.1;

export interface LifeOptions {
  readonly lifeMs: number;
  readonly guardMs: number;
  readonly weather: SoakWeather;
}

/** Runs one dialogue, from its first session to the end of its last one, for at least `lifeMs`. */
export async function liveThrough(
  call: TortureCall,
  { lifeMs, guardMs, weather }: LifeOptions,
): Promise<void> {
  const life = new Life(call, weather);
  const until = performance.now() + lifeMs;
  await call.join();
  while (performance.now() < until) {
    await delay(guardMs + between(call.random, 300, 2_000));
    await life.next();
  }
  await delay(guardMs + 500);
  if (call.random() < DELETE_SHARE) await call.command('Delete');
  await call.end();
}
