import { anonymous } from '../../../src/domain/access/access.ts';
import { judge } from '../../../src/domain/assurance/verdict.ts';
import type { Call } from '../../../src/domain/call/call.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';
import { Journal } from '../../../src/domain/call/journal.ts';
import { Restatements } from '../../../src/domain/call/restatements.ts';
import { CommandAudit } from '../../../src/domain/control/command-audit.ts';
import { CommandHandler } from '../../../src/domain/control/command-handler.ts';
import { Leases } from '../../../src/domain/control/leases.ts';
import { PauseWatch } from '../../../src/domain/control/pause-watch.ts';
import { SeamLeases } from '../../../src/domain/control/seam-leases.ts';
import { CallLifecycle } from '../../../src/domain/lifecycle/call-lifecycle.ts';
import { CallSettlement } from '../../../src/domain/lifecycle/call-settlement.ts';
import { RecordedFacts } from '../../../src/domain/lifecycle/recorded-facts.ts';
import type { AuditRecord } from '../../../src/domain/model/audit-record.ts';
import type { CallHealth } from '../../../src/domain/model/call-health.ts';
import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import type { Caller } from '../../../src/domain/model/principal.ts';
import type { StateActionName } from '../../../src/domain/model/recording-state.ts';
import { newUcc } from '../../../src/domain/model/ucc.ts';
import { RecordingLock } from '../../../src/domain/recording/recording-lock.ts';
import { UccRegistry } from '../../../src/domain/ucc/ucc-registry.ts';
import { plainPcmu } from '../../support/agreements.ts';
import {
  type Breakage,
  brokenAlarms,
  brokenKept,
  brokenMoments,
  brokenRegistry,
  pauseGateOf,
} from './breakages.ts';
import { holderOf, lease } from './holders.ts';
import type { Machine } from './machine.ts';
import { alarmsInto } from './open-alarms.ts';
import { SimulatedRecorder } from './simulated-recorder.ts';

export const correlationId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
/** The one records by itself, the other waits for a Start. */
export const uccNames = ['ucc', 'other'] as const;
export type UccName = (typeof uccNames)[number];
export const INHERIT_MS = 3_600_000;
export const DELETE_GRACE_MS = 5_000;

const requester = 'sip:agent@domain.com';
const settings = { useAudioRecording: true, agentCanEditAudioRecording: true, agents: [requester] };
const caller: Caller = { principal: anonymous('admin'), address: '', surface: 'api' };

const auditLog = {
  entry: () => ({}) as AuditRecord,
  refused: async () => undefined,
  denied: async () => undefined,
};
const somebody = { auditOf: () => ({}) as AuditRecord, hasReason: true };
const subscribe = () => () => undefined;
const publish = () => undefined;
const bus = { publish, subscribe, publishInOrder: publish, subscribeInOrder: subscribe };

const audio = { aor: null, mixed: false, clockRate: 8000, agreed: plainPcmu } as const;
const vault = { seal: () => '', open: () => Buffer.alloc(0), renew: () => '' };

/** One process: the domain as it is, on a recorder without sockets and a store without a disk. */
export class World {
  readonly recorder: SimulatedRecorder;
  readonly calls: CallRegistry;
  /** Of settlements that failed and are not carried out yet. */
  readonly openAlarms = new Set<string>();
  readonly #uccs: UccRegistry;
  readonly #lifecycle: CallLifecycle;
  readonly #settlement: CallSettlement;
  readonly #carrier: CommandHandler;
  readonly #restatements: Restatements;
  readonly #leases: Leases;
  readonly #seamLeases: SeamLeases;
  readonly #watch: PauseWatch;
  readonly #store: ReturnType<Machine['store']['connect']>;
  readonly #machine: Machine;
  readonly #breakage: Breakage | undefined;

  private constructor(machine: Machine, breakage: Breakage | undefined) {
    const recorder = new SimulatedRecorder(breakage);
    this.#machine = machine;
    this.#breakage = breakage;
    this.#store = machine.store.connect(breakage);
    const store = this.#store.port;
    const uccs = new UccRegistry(store);
    const calls = brokenRegistry(breakage) ?? new CallRegistry();
    const clock = { now: () => machine.now() };
    const moments = brokenMoments(breakage, machine) ?? { moment: () => machine.moment() };
    const journal = new Journal({ store, bus, clock });
    const alarms = alarmsInto(this.openAlarms);
    const limits = { inheritMs: INHERIT_MS, deleteGraceMs: DELETE_GRACE_MS };
    const facts = new RecordedFacts({ store, alarms });
    this.#restatements = new Restatements({ store, journal, alarms });
    journal.onUntold = (...untold) => this.#restatements.add(...untold);
    const kept = brokenKept(breakage, new RecordingLock({ calls, store }));
    this.calls = calls;
    this.recorder = recorder;
    this.#uccs = uccs;
    this.#settlement = new CallSettlement({
      ...{ uccs, calls, recorder, journal, store, kept, alarms, moments, limits, facts },
      archive: machine.archive(store),
      assess: async ({ record }) => verdictOf(machine, record),
    });
    const settlement = this.#settlement;
    this.#lifecycle = new CallLifecycle({
      ...{ uccs, calls, recorder, store, journal, clock, moments, settlement, vault, facts },
      alarms: brokenAlarms(breakage) ?? alarms,
      limits: { ...limits, maxCalls: 10, mediaTimeoutMs: 1e6 },
      storageFull: () => undefined,
      hangUp: () => undefined,
      onTrackEnded: () => undefined,
    });
    const pauseGate = pauseGateOf(breakage, { recorder, journal, alarms, clock });
    const watch = new PauseWatch({ uccs, alarms, clock, moments });
    this.#watch = watch;
    const ports = { uccs, calls, recorder, pauseGate, clock, requesterMustMatchToken: false };
    this.#leases = new Leases({ ...ports, auditLog, watch, moments });
    this.#seamLeases = new SeamLeases({
      ...{ ...ports, auditLog, watch, moments },
      ...{ leases: this.#leases, journal, settlement, kept, limits },
    });
    const reconsider = (call: Call) => this.#lifecycle.reconsider(call);
    const commandAudit = new CommandAudit(auditLog, () => undefined);
    this.#carrier = new CommandHandler({ ...ports, reconsider, auditLog: commandAudit });
  }

  /** Starts on what the process before left in the store. */
  static async start(machine: Machine, breakage?: Breakage): Promise<World> {
    const world = new World(machine, breakage);
    await world.#uccs.put(
      'ucc',
      newUcc('ucc', { ...settings, useAudioRecording: machine.records }),
      somebody,
    );
    const other = newUcc('other', { ...settings, recordFromStart: false });
    await world.#uccs.put('other', other, somebody);
    await world.#lifecycle.restore({ inOrder: false });
    await world.quiet();
    return world;
  }

  get call(): Call | undefined {
    return this.calls.byCorrelationId(correlationId);
  }

  /** True when it was acknowledged. */
  async command(action: StateActionName, uccName: UccName = 'ucc'): Promise<boolean> {
    const request = { action, requesterSipUri: requester, correlationId, uccName };
    return (await this.#carrier.carry(request, caller)).ok;
  }

  async take(holder: string): Promise<boolean> {
    const call = this.call;
    if (!call) return false;
    this.#machine.takenIn.set(holder, call.id);
    return (await this.#leases.take(call, holderOf(holder), lease)).ok;
  }

  /** By the id of the call in which it was taken, whatever became of that call. */
  async release(holder: string): Promise<boolean> {
    const id = this.#machine.takenIn.get(holder);
    if (id === undefined) return false;
    const call = this.calls.named(id);
    const { owner, ifVersion } = lease;
    const request = { owner, ifVersion };
    const by = holderOf(holder);
    if (call) return (await this.#leases.release(call, by, request)).ok;
    if (this.#breakage === 'leaseUnreachable') return false;
    const record = await this.#store.port.call(id);
    return record !== undefined && (await this.#seamLeases.release(record, by, request)).ok;
  }

  /** A recording session with one stream; saved before it is answered, as the real one is. */
  async join(sessionId: string, uccName: UccName = 'ucc'): Promise<void> {
    const streams = [{ ...audio, label: sessionId, held: false }];
    const offer = { sessionId, uccName, correlationId, parties: [], streams };
    this.recorder.isTransfer = uccName === 'other';
    const { call, streams: opened } = await this.#lifecycle.offer(offer);
    await this.#save(call, sessionId, opened[0]?.track ?? 0);
  }

  async leave(sessionId: string): Promise<void> {
    const { call } = this;
    if (call) await this.#lifecycle.leave(call, sessionId);
  }

  async hold(sessionId: string, held: boolean): Promise<void> {
    const { call } = this;
    const stream = [...(call?.streams.values() ?? [])].find((one) => one.sessionId === sessionId);
    if (!call || !stream) return;
    const { track, agreed } = stream;
    await this.#lifecycle.updateStreams(call, [{ track, agreed, held }]);
    await this.#save(call, sessionId, track);
  }

  async workerDies(): Promise<void> {
    const { call } = this;
    if (!call) return;
    this.recorder.workerDied(call.id);
    this.#lifecycle.workerDied([call.id], 'told to die');
    await call.queue.run(async () => undefined);
  }

  /** Recording of the first UCC is switched, as the API does it. */
  async switchRecording(useAudioRecording: boolean): Promise<void> {
    this.#machine.records = useAudioRecording;
    await this.#uccs.patch('ucc', { useAudioRecording }, somebody);
    if (!useAudioRecording) await this.#lifecycle.stopCallsOf('ucc').catch(() => undefined);
  }

  /** What the API says of the recording. */
  shown(record: CallRecord): CallRecord {
    return this.#settlement.trueRecord(record);
  }

  /** As when timers of settlements that wait, or that are tried again, run out. */
  async timersRunOut(): Promise<void> {
    this.#settlement.resume(correlationId);
    await this.quiet();
  }

  /** Until nothing goes on in the background. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; turn += 1) await Promise.resolve();
  }

  end(): void {
    this.#store.disconnect();
    this.#lifecycle.abandon();
    this.#watch.close();
    this.#restatements.abandon();
  }

  #save(call: Call, sessionId: string, track: number): Promise<void> {
    const signalling = { lines: [{ track, index: 0 }], signalling: null };
    return this.#lifecycle.saveSession(call, sessionId, signalling);
  }
}

/** More than any chain of promises that a step leaves behind. */
const QUIET_TURNS = 60;

function verdictOf(machine: Machine, record: CallRecord): CallHealth {
  machine.mayFail();
  if (machine.verdictFails) throw new Error('told to fail');
  return judge({
    ...{ record, tracks: [], gaps: undefined, pauses: 0 },
    ...{ readings: new Map(), open: [], alarms: new Set() },
  });
}
