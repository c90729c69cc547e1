import { anonymous, type Caller } from '../../../src/domain/access.ts';
import type { AccessRecord } from '../../../src/domain/access-trail.ts';
import { judge } from '../../../src/domain/assurance.ts';
import type { Call } from '../../../src/domain/call.ts';
import { CallLifecycle } from '../../../src/domain/call-lifecycle.ts';
import { CallRegistry } from '../../../src/domain/call-registry.ts';
import { CommandCarrier } from '../../../src/domain/command-carrier.ts';
import { CommandTrail } from '../../../src/domain/command-trail.ts';
import { Gatekeeper } from '../../../src/domain/gatekeeper.ts';
import { Journal } from '../../../src/domain/journal.ts';
import { Leases } from '../../../src/domain/leases.ts';
import { PauseWatch } from '../../../src/domain/pause-watch.ts';
import type { StateActionName } from '../../../src/domain/recording-state.ts';
import { newUcc } from '../../../src/domain/ucc.ts';
import { UccRegistry } from '../../../src/domain/ucc-registry.ts';
import { plainPcmu } from '../../support/agreements.ts';
import { type Breakage, SimulatedRecorder } from './simulated-recorder.ts';
import type { SimulatedStore } from './simulated-store.ts';

export const correlationId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
const uccName = 'ucc';
const requester = 'sip:agent@domain.com';
const settings = { useAudioRecording: true, agentCanEditAudioRecording: true, agents: [requester] };
const caller: Caller = { principal: anonymous('admin'), address: '', door: 'api' };

const trail = {
  entry: () => ({}) as AccessRecord,
  record: async () => undefined,
  denied: async () => undefined,
};
const clock = { now: () => Date.now() };
const alarms = { raise: () => undefined };
const bus = { publish: () => undefined, subscribe: () => () => undefined };

const audio = { aor: null, mixed: false, clockRate: 8000, agreed: plainPcmu } as const;
const vault = { seal: () => '', open: () => Buffer.alloc(0), renew: () => '' };

/** One process: the domain as it is, on a recorder without sockets and a store without a disk. */
export class World {
  readonly recorder: SimulatedRecorder;
  readonly calls = new CallRegistry();
  readonly #uccs: UccRegistry;
  readonly #lifecycle: CallLifecycle;
  readonly #carrier: CommandCarrier;
  readonly #leases: Leases;
  readonly #watch: PauseWatch;

  private constructor(store: SimulatedStore, breakage: Breakage | undefined) {
    const recorder = new SimulatedRecorder(breakage);
    const uccs = new UccRegistry(store.port);
    const { calls } = this;
    const journal = new Journal({ store: store.port, bus, clock });
    const archive = {
      finish: async () => ({ lengthMs: 0, gaps: [], tracks: [] }),
      destroy: async () => undefined,
    };
    this.recorder = recorder;
    this.#uccs = uccs;
    this.#lifecycle = new CallLifecycle({
      ...{ uccs, calls, recorder, archive, store: store.port, journal, alarms, clock },
      limits: { maxCalls: 10, mediaTimeoutMs: 1e6, twoSidedPause: false, inheritMs: 1e6 },
      storageFull: () => undefined,
      hangUp: () => undefined,
      onTrackEnded: () => undefined,
      assess: async ({ record }) =>
        judge({
          ...{ record, tracks: [], gaps: undefined, pauses: 0 },
          ...{ readings: new Map(), open: [], alarms: new Set() },
        }),
      vault,
    });
    const gatekeeper = new Gatekeeper({ recorder, journal, alarms, clock });
    this.#watch = new PauseWatch({ uccs, alarms, clock });
    const watch = this.#watch;
    this.#leases = new Leases({ uccs, calls, recorder, gatekeeper, clock, trail, watch });
    this.#carrier = new CommandCarrier({
      ...{ uccs, calls, recorder, gatekeeper, clock, requesterMustMatchToken: false },
      trail: new CommandTrail(trail, () => undefined),
    });
  }

  /** Starts on what the process before left in the store. */
  static async start(store: SimulatedStore, breakage?: Breakage): Promise<World> {
    const world = new World(store, breakage);
    await world.#uccs.put(uccName, newUcc(uccName, settings));
    await world.#lifecycle.restore();
    return world;
  }

  get call(): Call | undefined {
    return this.calls.byCorrelationId(correlationId);
  }

  /** True when it was acknowledged. */
  async command(action: StateActionName): Promise<boolean> {
    const request = { action, requesterSipUri: requester, correlationId, uccName };
    return (await this.#carrier.carry(request, caller)).ok;
  }

  async take(owner: string): Promise<boolean> {
    const call = this.call;
    if (!call) return false;
    const lease = { owner, reason: null, ttlMs: 60_000, idempotencyKey: null };
    const more = { lookbackMs: undefined, ifVersion: undefined };
    return (await this.#leases.take(call, caller, { ...lease, ...more })).ok;
  }

  async release(owner: string): Promise<boolean> {
    const call = this.call;
    if (!call) return false;
    return (await this.#leases.release(call, caller, { owner, ifVersion: undefined })).ok;
  }

  /** A recording session with one stream; saved before it is answered, as the real one is. */
  async join(sessionId: string): Promise<void> {
    const streams = [{ ...audio, label: sessionId, held: false }];
    const offer = { sessionId, uccName, correlationId, parties: [], streams };
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

  end(): void {
    this.#lifecycle.abandon();
    this.#watch.close();
  }

  #save(call: Call, sessionId: string, track: number): Promise<void> {
    const signalling = { lines: [{ track, index: 0 }], signalling: null };
    return this.#lifecycle.saveSession(call, sessionId, signalling);
  }
}
