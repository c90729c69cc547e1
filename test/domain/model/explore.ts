import { RecordingState } from '../../../src/domain/recording-state.ts';
import type { Breakage } from './simulated-recorder.ts';
import { SimulatedStore, type StoreFault } from './simulated-store.ts';
import { World } from './world.ts';

type Kind = 'pause' | 'start' | 'stop' | 'takeA' | 'releaseA' | 'takeB' | 'releaseB';
type Other = 'join' | 'leave' | 'hold' | 'release' | 'workerDies' | 'crash';

export interface Step {
  readonly kind: Kind | Other;
  readonly fault?: StoreFault | 'fence';
}

const gateKinds: readonly Kind[] = ['pause', 'start', 'stop', 'takeA', 'releaseA'];
const faults = [undefined, 'fence', 'fails', 'crashesBefore', 'crashesAfter'] as const;

export const stepsOfEveryKind: readonly Step[] = [
  ...gateKinds.flatMap((kind) => faults.map((fault): Step => (fault ? { kind, fault } : { kind }))),
  { kind: 'takeB' },
  { kind: 'releaseB' },
  { kind: 'join' },
  { kind: 'leave' },
  { kind: 'hold' },
  { kind: 'release' },
  { kind: 'workerDies' },
  { kind: 'crash' },
];

/** What somebody outside knows of an owner: whether it holds, by the answers that came. */
type Knowledge = 'holds' | 'free' | 'unknown';

/** A crash ends the step without an answer. */
const crashed = Symbol('crashed');

/**
 * Plays a history against the domain, with a client's knowledge beside it: what was acknowledged,
 * and what was asked for without an answer. Tells which promise was broken, if one was.
 */
export async function explore(
  steps: readonly Step[],
  breakage?: Breakage,
): Promise<string | undefined> {
  const play = new Play(breakage);
  await play.begin();
  try {
    for (const [index, step] of steps.entries()) {
      await play.take(step);
      const broken = play.brokenPromise();
      if (broken !== undefined) return `after step ${index + 1}: ${broken}`;
    }
    await play.take({ kind: 'crash' });
    return play.brokenPromise();
  } finally {
    play.end();
  }
}

class Play {
  readonly #store = new SimulatedStore();
  readonly #breakage: Breakage | undefined;
  readonly #owners = new Map<string, Knowledge>();
  #sessions: { readonly id: string; held: boolean }[] = [];
  #lastSession = 0;
  #world: World | undefined;
  #onCrash: () => void = () => undefined;
  /** Whether the last thing that was acknowledged leaves the call recording, as far as is known. */
  #recording: Knowledge = 'free';

  #asked: readonly [string, Knowledge] | undefined;
  /** The last request was answered, but not carried out. */
  #refused = false;
  /** And that was because something failed on the way. */
  #failed = false;

  constructor(breakage: Breakage | undefined) {
    this.#breakage = breakage;
    this.#store.onCrash = () => this.#onCrash();
  }

  async begin(): Promise<void> {
    this.#world = await World.start(this.#store, this.#breakage);
    await this.#join();
  }

  end(): void {
    this.#world?.end();
  }

  async take({ kind, fault }: Step): Promise<void> {
    const world = this.#running();
    const died = new Promise<typeof crashed>((resolve) => {
      this.#onCrash = () => resolve(crashed);
    });
    if (fault === 'fence') world.recorder.failNextFence = true;
    else this.#store.fault = fault;
    this.#refused = false;
    const outcome = await Promise.race([this.#carryOut(kind, world), died]);
    const met = fault === 'fence' ? !world.recorder.failNextFence : fault && !this.#store.fault;
    this.#failed = this.#refused && met === true;
    // A refusal by the rules changed nothing.
    const [owner, before] = this.#asked ?? [];
    if (this.#refused && !this.#failed && owner && before) this.#owners.set(owner, before);
    // A fault that met nothing is over.
    world.recorder.failNextFence = false;
    this.#store.fault = undefined;
    if (outcome === crashed || kind === 'crash') await this.#restart();
  }

  /** Every promise that Hush makes, looked at from outside. */
  brokenPromise(): string | undefined {
    const { call, recorder } = this.#running();
    if (!call) return undefined;
    const kept = recorder.keeps(call.id);
    if (this.#failed && kept.some(Boolean)) return 'a command that failed left the gate open';
    const holder = [...this.#owners].find(([, knowledge]) => knowledge === 'holds')?.[0];
    if (holder !== undefined && kept.some(Boolean)) return `a frame while ${holder} holds`;
    const stored = this.#store.calls.get(call.id);
    if (this.#owners.get('api') === 'holds' && stored?.recordingState === RecordingState.Started) {
      return 'an acknowledged Pause is not durable';
    }
    const lease = [...this.#owners].find(([owner, known]) => owner !== 'api' && known === 'holds');
    if (lease && !stored?.leases.some(({ owner }) => owner === lease[0])) {
      return 'an acknowledged lease is not durable';
    }
    const nobodyHolds = [...this.#owners.values()].every((knowledge) => knowledge === 'free');
    if (nobodyHolds && this.#recording === 'holds') {
      const expected = this.#sessions.filter(({ held }) => !held).length;
      if (kept.filter(Boolean).length < expected) return 'an acknowledged Start is not in effect';
    }
    return undefined;
  }

  async #carryOut(kind: Step['kind'], world: World): Promise<unknown> {
    switch (kind) {
      case 'pause':
        return this.#ask('api', 'holds', () => world.command('Pause'));
      case 'start':
        this.#recording = 'unknown';
        return this.#ask('api', 'free', () => world.command('Start'), 'holds');
      case 'stop':
        return this.#ask('api', 'holds', () => world.command('Stop'));
      case 'takeA':
      case 'takeB':
        return this.#ask(kind.slice(-1), 'holds', () => world.take(kind.slice(-1)));
      case 'releaseA':
      case 'releaseB':
        return this.#ask(kind.slice(-1), 'free', () => world.release(kind.slice(-1)));
      case 'join':
        return this.#join();
      case 'leave':
        return this.#leave();
      case 'hold':
      case 'release':
        return this.#hold(kind === 'hold');
      case 'workerDies':
        return world.workerDies();
      case 'crash':
        return undefined;
    }
  }

  /**
   * A request to hold that gets no answer may hold or not; one to lift may have lifted. What
   * failed is for the next answer to tell.
   */
  async #ask(
    owner: string,
    wanted: Knowledge,
    ask: () => Promise<boolean>,
    recording?: Knowledge,
  ): Promise<void> {
    const before = this.#owners.get(owner) ?? 'free';
    const stays = wanted === 'holds' && before === 'holds';
    this.#owners.set(owner, stays ? 'holds' : 'unknown');
    this.#asked = [owner, before];
    this.#refused = !(await ask());
    if (this.#refused) return;
    this.#owners.set(owner, wanted);
    if (recording) this.#recording = recording;
  }

  async #join(): Promise<void> {
    this.#lastSession += 1;
    const id = `session ${this.#lastSession}`;
    await this.#running().join(id);
    this.#sessions.push({ id, held: false });
  }

  async #leave(): Promise<void> {
    const [first, ...rest] = this.#sessions;
    if (!first) return;
    this.#sessions = rest;
    await this.#running().leave(first.id);
  }

  async #hold(held: boolean): Promise<void> {
    const [first] = this.#sessions;
    if (!first) return;
    await this.#running().hold(first.id, held);
    first.held = held;
  }

  /** The clients go on with the sessions that they had. */
  async #restart(): Promise<void> {
    this.#running().end();
    this.#world = await World.start(this.#store, this.#breakage);
    this.#sessions = this.#sessions.filter(({ id }) => this.#store.sessionRows.has(id));
  }

  #running(): World {
    if (!this.#world) throw new Error('not begun');
    return this.#world;
  }
}
