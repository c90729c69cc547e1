import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import { RecordingState } from '../../../src/domain/model/recording-state.ts';
import type { Breakage } from './breakages.ts';
import { Machine } from './machine.ts';
import type { CommandKind, Kind, Step } from './steps.ts';
import { correlationId, DELETE_GRACE_MS, INHERIT_MS, type UccName, World } from './world.ts';

/** What somebody outside knows of an owner: whether it holds, by the answers that came. */
type Knowledge = 'holds' | 'free' | 'unknown';
/** What was last said of the dialogue's saving flag, and acknowledged. */
type Saving = 'none' | 'save' | 'delete' | 'unknown';

/** A crash ends the step without an answer. */
const crashed = Symbol('crashed');
const HOUR_MS = 3_600_000;

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
    return play.brokenPromise() ?? (await play.settled());
  } finally {
    play.end();
  }
}

class Play {
  readonly #machine = new Machine();
  readonly #breakage: Breakage | undefined;
  readonly #owners = new Map<string, Knowledge>();
  #saving: Saving = 'none';
  /** Of the dialogue that goes on. */
  #firstPart = 0;
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
  /** A Start failed, and nothing that was acknowledged since opens the gate. */
  #startRefused = false;
  /** Of the step that was taken, what it broke by itself. */
  #broken: string | undefined;

  constructor(breakage: Breakage | undefined) {
    this.#breakage = breakage;
    this.#machine.store.onCrash = () => this.#onCrash();
  }

  async begin(): Promise<void> {
    this.#world = await World.start(this.#machine, this.#breakage);
    await this.#join('ucc');
  }

  end(): void {
    this.#world?.end();
  }

  async take({ kind, fault }: Step): Promise<void> {
    const world = this.#running();
    const { store } = this.#machine;
    const died = new Promise<typeof crashed>((resolve) => {
      this.#onCrash = () => resolve(crashed);
    });
    if (fault === 'fence') world.recorder.failNextFence = true;
    else if (fault === 'close') world.recorder.failNextClose = true;
    else store.fault = fault;
    this.#refused = false;
    store.isAway = false;
    this.#asked = undefined;
    const outcome = await Promise.race([this.#carryOut(kind, world), died]);
    const met = fault === 'fence' ? !world.recorder.failNextFence : fault && !store.fault;
    this.#failed = this.#refused && met === true;
    // A refusal by the rules changed nothing.
    const [owner, before] = this.#asked ?? [];
    if (this.#refused && !this.#failed && owner && before) this.#owners.set(owner, before);
    // A fault that met nothing is over.
    world.recorder.failNextFence = false;
    world.recorder.failNextClose = false;
    store.fault = undefined;
    if (kind.startsWith('start') && this.#failed) this.#startRefused = true;
    else if (!this.#refused && mayOpen(kind)) this.#startRefused = false;
    if (outcome === crashed || kind === 'crash') await this.#restart();
    if (kind === 'reboot') {
      this.#machine.reboot();
      await this.#restart();
    }
    await this.#running().quiet();
  }

  /** Every promise that Hush makes, looked at from outside. */
  brokenPromise(): string | undefined {
    return this.#broken ?? this.#brokenByEnded() ?? this.#brokenByLive();
  }

  /** Once the dialogue is over, and nothing fails any more, what was acknowledged has been done. */
  async settled(): Promise<string | undefined> {
    this.#machine.failures = 0;
    for (let attempt = 0; this.#sessions.length > 0; attempt += 1) {
      if (attempt > 50) return 'a recording session never ends';
      await this.#leave();
    }
    await this.#endOrphan();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      this.#machine.pass(INHERIT_MS + 1);
      await this.#running().timersRunOut();
    }
    return this.#brokenBySettlement();
  }

  #brokenBySettlement(): string | undefined {
    const { openAlarms } = this.#running();
    const records = this.#records();
    const left = records.find(({ status }) => ['live', 'finishing', 'deleting'].includes(status));
    if (left) return `a part of the dialogue stays ${left.status}`;
    if (openAlarms.size > 0) return 'an alarm of what is done stays open';
    const wanted = this.#saving === 'delete' ? 'destroyed' : 'kept';
    const wrong = records.find(({ status }) => status !== wanted && status !== 'empty');
    if (wrong && this.#saving !== 'unknown') return `${this.#saving} said, part ${wrong.status}`;
    const halfway = records.find(
      ({ id, status }) => this.#machine.store.destroyed.has(id) && status === 'kept',
    );
    return halfway && 'a part without keys counts as kept';
  }

  #brokenByLive(): string | undefined {
    const { call, recorder } = this.#running();
    if (!call) return undefined;
    const kept = recorder.keeps(call.id);
    if (this.#startRefused && kept.some(Boolean)) return 'a Start that was refused opened the gate';
    if (this.#failed && kept.some(Boolean)) return 'a command that failed left the gate open';
    const holder = [...this.#owners].find(([, knowledge]) => knowledge === 'holds')?.[0];
    if (holder !== undefined && kept.some(Boolean)) return `a frame while ${holder} holds`;
    const stored = this.#machine.store.calls.get(call.id);
    if (this.#owners.get('api') === 'holds' && stored?.recordingState === RecordingState.Started) {
      return 'an acknowledged Pause is not durable';
    }
    const lease = [...this.#owners].find(([owner, known]) => owner !== 'api' && known === 'holds');
    if (lease && !stored?.leases.some(({ takenBy }) => takenBy === lease[0])) {
      return 'an acknowledged lease is not durable';
    }
    const expected = [...call.streams.values()].filter(({ held }) => !held).length;
    const keeps = kept.filter(Boolean).length;
    if (call.keeps && keeps < expected) return 'Started is said, and nothing is recorded';
    if (!call.keeps && keeps > 0) return 'a frame while nothing is said to be recorded';
    const nobodyHolds = [...this.#owners.values()].every((knowledge) => knowledge === 'free');
    if (nobodyHolds && this.#recording === 'holds') {
      const own = this.#sessions.filter(({ held }) => !held).length;
      if (keeps < own) return 'an acknowledged Start is not in effect';
    }
    return undefined;
  }

  /** Ended parts are never live, and what somebody deleted is not to be heard. */
  #brokenByEnded(): string | undefined {
    const { call } = this.#running();
    const ended = this.#records()
      .map((record) => this.#running().shown(record))
      .filter(({ id }) => id !== call?.id);
    if (ended.some(({ status }) => status === 'live')) return 'a call that has ended is live';
    const heard = ended.find(({ status }) => status === 'kept');
    const isTrouble = this.#machine.failures > 0 || this.#running().openAlarms.size > 0;
    if (this.#saving === 'delete' && heard && !isTrouble) return 'a deleted part is heard';
    const gone = ended.find(({ status }) => status === 'destroyed');
    return this.#saving === 'save' && gone ? 'a saved part is destroyed' : undefined;
  }

  async #carryOut(kind: Kind, world: World): Promise<unknown> {
    switch (kind) {
      case 'pause':
      case 'pauseOther':
        return this.#ask('api', 'holds', () => world.command('Pause', uccOf(kind)));
      case 'start':
      case 'startOther':
        return this.#start(world, uccOf(kind));
      case 'stop':
        return this.#ask('api', 'holds', () => world.command('Stop'));
      case 'save':
      case 'delete':
        return this.#save(kind, world);
      case 'takeA':
      case 'takeB':
        return this.#ask(kind.slice(-1), 'holds', () => world.take(kind.slice(-1)));
      case 'releaseA':
      case 'releaseB':
        return this.#giveBack(kind.slice(-1), world);
      default:
        return this.#happen(kind, world);
    }
  }

  /** What nobody asks Hush for. */
  async #happen(kind: Exclude<Kind, CommandKind>, world: World): Promise<unknown> {
    switch (kind) {
      case 'join':
      case 'joinOther':
        return this.#join(uccOf(kind));
      case 'leave':
        return this.#leave();
      case 'leaveAll':
        while (this.#sessions.length > 0) await this.#leave();
        return undefined;
      case 'hold':
      case 'release':
        return this.#hold(kind === 'hold');
      case 'workerDies':
        return world.workerDies();
      case 'thaw':
        return world.call && world.recorder.thaw(world.call.id);
      case 'archiveFails':
        this.#machine.failures = 2;
        return undefined;
      case 'pauseInStall':
        return this.#pauseInStall(world);
      case 'clockForth':
        return this.#machine.stepWallClock(2 * HOUR_MS);
      case 'clockBack':
        return this.#machine.stepWallClock(-2 * HOUR_MS);
      case 'grace':
        this.#machine.pass(DELETE_GRACE_MS + 1);
        return world.timersRunOut();
      case 'longPause':
        return this.#longPause(world);
      case 'off':
      case 'on':
        return this.#switch(kind === 'on', world);
      case 'crash':
      case 'reboot':
        return undefined;
    }
  }

  async #start(world: World, uccName: UccName): Promise<void> {
    const before = this.#recording;
    this.#recording = 'unknown';
    await this.#ask('api', 'free', () => world.command('Start', uccName), 'holds');
    if (this.#refused && this.#asked?.[1] !== 'unknown') this.#recording = before;
  }

  async #save(kind: 'save' | 'delete', world: World): Promise<void> {
    const before = this.#saving;
    this.#saving = 'unknown';
    const said = await world.command(kind === 'save' ? 'Save' : 'Delete');
    this.#saving = said ? kind : before;
  }

  /** Whoever holds can give back, by the id of the call in which it was taken. */
  async #giveBack(owner: string, world: World): Promise<void> {
    const held = this.#owners.get(owner) === 'holds';
    const { fault } = this.#machine.store;
    const isWhole = fault === undefined && !world.recorder.failNextFence && this.#machine.records;
    await this.#ask(owner, 'free', () => world.release(owner));
    if (held && isWhole && this.#refused && this.#sessions.length > 0) {
      this.#broken = `${owner} cannot give its lease back`;
    }
  }

  /** A Pause is asked for while a command before it waits for the store. */
  async #pauseInStall(world: World): Promise<void> {
    const goOn = this.#machine.store.hang();
    const mark = world.command('Mark');
    const legal = world.call?.recordingState === RecordingState.Started;
    const pause = this.#ask('api', 'holds', () => world.command('Pause'));
    await world.quiet();
    const { call } = world;
    if (call && legal && this.#machine.records && world.recorder.keeps(call.id).some(Boolean)) {
      this.#broken = 'the fence of a Pause waits for the store';
    }
    goOn();
    await Promise.all([mark, pause]);
  }

  /** Nothing comes of the dialogue for longer than it lasts: the next one begins without it. */
  async #longPause(world: World): Promise<void> {
    if (this.#sessions.length === 0) await this.#endOrphan();
    this.#machine.pass(INHERIT_MS + 1);
    for (let attempt = 0; attempt < 3; attempt += 1) await world.timersRunOut();
    if (this.#sessions.length > 0) return;
    if (this.#records().length === 0) return;
    if (this.#machine.failures === 0) this.#broken = this.#brokenBySettlement();
    this.#owners.clear();
    this.#recording = 'free';
    this.#saving = 'none';
    await this.#join('ucc');
    const { call } = world;
    this.#firstPart = call?.record.dialogue.part ?? 0;
    if (call?.record.leases.length || call?.recordingState === RecordingState.Paused) {
      this.#broken = 'a stale pause was inherited';
    }
  }

  async #switch(records: boolean, world: World): Promise<void> {
    if (!records) this.#recording = 'unknown';
    await world.switchRecording(records);
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

  async #join(uccName: UccName): Promise<void> {
    this.#lastSession += 1;
    const id = `session ${this.#lastSession}`;
    await this.#running().join(id, uccName);
    this.#sessions.push({ id, held: false });
  }

  async #leave(): Promise<void> {
    const [first, ...rest] = this.#sessions;
    if (!first) return;
    this.#sessions = rest;
    await this.#running().leave(first.id);
  }

  /** A call without a session, as a crash may leave it: here it ends before its media time-out. */
  async #endOrphan(): Promise<void> {
    if (!this.#running().call) return;
    await this.#join('ucc');
    await this.#leave();
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
    this.#world = await World.start(this.#machine, this.#breakage);
    this.#sessions = this.#sessions.filter(({ id }) => this.#machine.store.sessionRows.has(id));
  }

  #records(): CallRecord[] {
    const all = [...this.#machine.store.calls.values()];
    return all.filter(
      (call) => call.correlationId === correlationId && call.dialogue.part >= this.#firstPart,
    );
  }

  #running(): World {
    if (!this.#world) throw new Error('not begun');
    return this.#world;
  }
}

/** Commands that lift, switches, and whatever may begin another call. */
function mayOpen(kind: Kind): boolean {
  return /^(?:start|release[AB]|on$|off$|long|join|leave|grace)/.test(kind);
}

function uccOf(kind: Kind): UccName {
  return kind.endsWith('Other') ? 'other' : 'ucc';
}
