import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FenceTimeoutError, RecorderBusyError } from '../domain/model/errors.ts';
import type { GapReason } from '../domain/model/gap.ts';
import type { ClockOrigin } from '../domain/model/track.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type {
  ErasedTrack,
  FenceReceipt,
  GateSetting,
  OpenedStream,
  ReceiverKind,
  Recorder,
  RecorderListener,
  ResumedStream,
  ShutOrder,
  StreamSpec,
  TrackSummary,
} from '../domain/ports/recorder.ts';
import { monotonicMs, openedOnThisBoot, originOf, originOnThisBoot } from './clock/clock-origin.ts';
import { Pulse } from './clock/pulse.ts';
import { FenceSender } from './fence/fence-sender.ts';
import { type ClosingReason, Gate, GateTable } from './fence/gate-table.ts';
import { MarkerAction } from './fence/marker.ts';
import { PortPool } from './intake/port-pool.ts';
import type { FormerSource } from './intake/source-latch.ts';
import type { FromWorker, ResumedTrack, WorkerSettings } from './messages.ts';
import { DiskWatch } from './segment/disk-watch.ts';
import { nextSegments } from './segment/segment-numbers.ts';
import { unpackStats } from './stream-stats.ts';
import { WorkerHandle } from './worker-handle.ts';

export interface RecorderOptions {
  readonly recordingsDir: string;
  readonly masterKey: Buffer;
  readonly rtpHost: string;
  readonly receiver: ReceiverKind;
  readonly portMin: number;
  readonly portMax: number;
  readonly workers: number;
  readonly maxCalls: number;
  readonly fenceTimeoutMs: number;
  readonly resumeGuardMs: number;
  readonly mainThreadTimeoutMs: number;
  /** False while another process may own the recordings: no command is accepted here. */
  readonly isOwner?: () => boolean;
  readonly onUnattended: 'shut' | 'keep';
  readonly chunkMs: number;
  readonly maxUnwrittenBytes: number;
  readonly diskProbeIntervalMs: number;
  readonly clock: Clock;
  readonly listener: RecorderListener;
  readonly workerEntry?: URL;
}

/** Access for the owner only. */
const FOLDER_MODE = 0o700;
/** Frames of two seconds at 20 ms, and room for smaller packets. */
const MAX_HELD_ASIDE_PACKETS = 512;
/** Ports held by other programs are skipped; after this many runs the recorder counts as busy. */
const MAX_BIND_ATTEMPTS = 16;
const REBIND_INTERVAL_MS = 25;
const SPARE_SOCKETS = 4_096;

/** A stream, and the port that it listens on. */
interface Listening {
  readonly spec: StreamSpec;
  readonly port: number;
  readonly resumed: ResumedTrack | undefined;
}

interface CallMedia {
  readonly slot: number;
  /** The longest look-back that a UCC of the call asked for. */
  lookbackMs: number;
  worker: WorkerHandle;
  /** Track to port. */
  readonly ports: Map<number, number>;
  /** Tracks whose thread died: their ports are unbound, and reserved for them. */
  readonly orphaned: Set<number>;
  dirMade: boolean;
  /** Position 0 on the monotonic clock, for all streams and threads; reported with its audio. */
  originMs?: number | undefined;
  /** The order to shut in progress. */
  shutting?: Shutting | undefined;
}

interface Shutting {
  readonly order: number;
  /** Audio that arrived from then on is erased, monotonic ms. */
  readonly atMs: number;
  readonly receipt: Promise<FenceReceipt>;
}

/** The main thread's side of the recorder: gates, ports, fences and worker threads. */
export class MediaRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #settings: Omit<WorkerSettings, 'descriptors'>;
  readonly #gates: GateTable;
  readonly #pool: PortPool;
  readonly #fences: FenceSender;
  readonly #disk: DiskWatch;
  readonly #pulse = new Pulse();
  readonly #calls = new Map<string, CallMedia>();
  readonly #bySlot = new Map<number, string>();
  /** Calls that have ended and still hold audio back. */
  readonly #ending = new Map<string, WorkerHandle>();
  /** Port to the source that sent to it last. */
  readonly #former = new Map<number, FormerSource>();
  #lastOrder = 0;
  /** Set once this process may not record any more. */
  #forsaken: GapReason | undefined;
  #workers: WorkerHandle[] = [];
  #nextWorker = 0;
  #hasFallenBack = false;
  #stopping = false;
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { recordingsDir, rtpHost, chunkMs, maxUnwrittenBytes, masterKey } = options;
    const { resumeGuardMs, onUnattended } = options;
    const mainThreadTimeoutMs = onUnattended === 'keep' ? 0 : options.mainThreadTimeoutMs;
    this.#pulse.start(options.isOwner);
    // Calls that end release their slot slightly after new ones may take theirs.
    this.#gates = new GateTable(options.maxCalls + 64);
    const gates = this.#gates.memory;
    const maxHeldAsidePackets = MAX_HELD_ASIDE_PACKETS;
    this.#settings = {
      gates,
      masterKey,
      recordingsDir,
      rtpHost,
      receiver: options.receiver,
      chunkMs,
      maxUnwrittenBytes,
      maxHeldAsidePackets,
      resumeGuardMs,
      mainThreadTimeoutMs,
      pulse: this.#pulse.memory,
    };
    this.#pool = new PortPool(options.portMin, options.portMax);
    const now = () => options.clock.now();
    this.#fences = new FenceSender({ timeoutMs: options.fenceTimeoutMs, now });
    this.#disk = new DiskWatch(recordingsDir, options.diskProbeIntervalMs);
    for (let count = 0; count < options.workers; count += 1) this.#addWorker();
  }

  get available(): boolean {
    return this.#disk.available;
  }

  get commandCameAtMs(): number {
    return this.#pulse.cameAtMs;
  }

  get nowMs(): number {
    return monotonicMs();
  }

  positionMs(callId: string): number | null {
    const { originMs } = this.#call(callId);
    return originMs === undefined ? null : monotonicMs() - originMs;
  }

  get openStreamCount(): number {
    let count = 0;
    for (const call of this.#calls.values()) count += call.ports.size;
    return count;
  }

  get freePortCount(): number {
    return this.#pool.free;
  }

  beginCall(callId: string, { open, reason, lookbackMs }: GateSetting): void {
    const isOpen = open && this.#forsaken === undefined;
    const gate = isOpen ? Gate.Open : Gate.Shut;
    const known = this.#calls.get(callId);
    if (known) {
      this.#gates.set(known.slot, gate, reason);
      return;
    }
    const slot = this.#gates.allocate();
    if (slot === undefined) throw new RecorderBusyError('no gate for another call');
    this.#setGate(slot, gate, this.#forsaken ?? reason);
    const worker = this.#nextOf(this.#workers);
    const [ports, orphaned] = [new Map<number, number>(), new Set<number>()];
    this.#bySlot.set(slot, callId);
    this.#calls.set(callId, { slot, lookbackMs, worker, ports, orphaned, dirMade: false });
  }

  async openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]> {
    if (specs.length === 0) return [];
    this.#mustNotStop();
    await this.#makeDir(callId);
    for (let attempt = 0; attempt < MAX_BIND_ATTEMPTS; attempt += 1) {
      const ports = this.#pool.take(specs.length, monotonicMs());
      if (!ports) throw new RecorderBusyError('no RTP port is free', 'noPorts');
      const isBound = await this.#bind(callId, specs, ports).catch((cause) => {
        this.#releaseUnused(callId, ports);
        throw cause;
      });
      if (isBound) {
        return specs.map(({ track }, index) => ({ track, port: ports[index] as number }));
      }
      this.#pool.release(ports, monotonicMs());
    }
    throw new RecorderBusyError('RTP ports are held by other programs', 'noPorts');
  }

  async resumeStreams(
    callId: string,
    streams: readonly ResumedStream[],
    clockOrigin: ClockOrigin | null,
  ): Promise<number[]> {
    const call = this.#call(callId);
    await this.#makeDir(callId);
    const next = await nextSegments(this.#options.recordingsDir, callId);
    if (clockOrigin) call.originMs ??= originOnThisBoot(clockOrigin);
    const outcomes = await Promise.all(
      streams.map(async ({ spec, port, startPosition, unknownSince, nextSegment }) => {
        const { track } = spec;
        // It was opened in the thread that took over.
        if (call.ports.has(track)) return undefined;
        const free = Math.max(nextSegment, next.get(track) ?? 0);
        const mayHaveSentSince =
          unknownSince === null ? null : openedOnThisBoot(unknownSince, call.originMs);
        const hasCallBegun = call.originMs !== undefined;
        const resumed = { startPosition, mayHaveSentSince, hasCallBegun, nextSegment: free };
        if (!call.orphaned.delete(port) && !this.#pool.reserve(port)) return track;
        const isOpen = await this.#openAgain(callId, { spec, port, resumed }).catch((cause) => {
          // The thread that was to take it over died too: the next one may.
          if (this.#calls.get(callId) === call) call.orphaned.add(port);
          else this.#pool.release([port], monotonicMs());
          throw cause;
        });
        if (isOpen) return undefined;
        this.#pool.release([port], monotonicMs());
        return track;
      }),
    );
    return outcomes.filter((track) => track !== undefined);
  }

  /** Resolves once packets of the new payload type are accepted and stricter rules apply. */
  async updateStream(callId: string, spec: StreamSpec): Promise<void> {
    const call = this.#call(callId);
    const { worker, ports } = call;
    call.lookbackMs = Math.max(call.lookbackMs, spec.lookbackMs ?? 0);
    if (ports.has(spec.track)) await worker.request({ type: 'update', callId, spec });
  }

  async shut(callId: string, command: ShutOrder): Promise<FenceReceipt> {
    const call = this.#call(callId);
    const { lookbackMs, cameAtMs = this.#pulse.cameAtMs } = command;
    const atMs = lookbackMs > 0 ? cameAtMs - lookbackMs : Number.POSITIVE_INFINITY;
    const under = call.shutting;
    if (under && under.order === this.#gates.order(call.slot) && under.atMs <= atMs) {
      return under.receipt;
    }
    // Streams that have ended, or are shut, are erased as well: their threads may be late.
    const erased = lookbackMs > 0 ? this.#pulse.erase(cameAtMs) : undefined;
    const receipt = this.#shut(callId, { ...command, cameAtMs }, atMs);
    const shutting = { order: this.#gates.order(call.slot), atMs, receipt };
    call.shutting = shutting;
    const isOver = (): void => {
      erased?.();
      if (call.shutting === shutting) call.shutting = undefined;
    };
    receipt.then(isOver, isOver);
    return receipt;
  }

  async #shut(callId: string, command: ShutOrder, atMs: number): Promise<FenceReceipt> {
    const call = this.#call(callId);
    const { slot, ports, worker } = call;
    const { reason, lookbackMs } = command;
    const gate = this.#gates.get(slot) === Gate.Open ? Gate.Closing : Gate.Shut;
    const order = this.#setGate(slot, gate, reason);
    const marker = { action: MarkerAction.Shut, order, reason, atMs };
    const raised = this.#fences.raise(worker, { callId, marker }, ports.keys());
    const erasing = lookbackMs > 0 ? this.#eraseEnded(callId, command, atMs) : [];
    const fence = Promise.all([raised, erasing]);
    const [receipt, erased] = await this.#orShut(callId, order, fence).catch((cause) => {
      // Another order to shut replaced this one, and its confirmation holds for both.
      const { shutting } = call;
      if (!shutting || shutting.order !== this.#gates.order(slot)) throw cause;
      return shutting.order === order ? Promise.reject(cause) : Promise.all([shutting.receipt, []]);
    });
    if (this.#gates.order(slot) === order) this.#gates.set(slot, Gate.Shut);
    if (erased.length > 0) this.#options.listener.onErased(erased);
    return receipt;
  }

  async open(callId: string, askedAtMs = monotonicMs()): Promise<FenceReceipt> {
    const { slot, ports, worker } = this.#call(callId);
    if (this.#forsaken !== undefined) throw new RecorderBusyError('this process may not record');
    const order = this.#setGate(slot, Gate.Open, 'api');
    const marker = {
      action: MarkerAction.Open,
      order,
      reason: 'end',
      atMs: askedAtMs,
    } as const;
    const fence = this.#fences.raise(worker, { callId, marker }, ports.keys());
    return this.#orShut(callId, order, fence);
  }

  shutAll(reason: GapReason): void {
    this.#stopping = true;
    this.#forsaken = reason;
    for (const [callId, { slot, worker }] of this.#calls) {
      const isOpen = this.#gates.get(slot) === Gate.Open;
      this.#setGate(slot, Gate.Shut, isOpen ? reason : undefined);
      worker.post({ type: 'catchUp', callId });
    }
  }

  async hold(callId: string, tracks: readonly number[], held: boolean): Promise<void> {
    const { worker, ports } = this.#call(callId);
    const open = tracks.filter((track) => ports.has(track));
    await Promise.all(open.map((track) => worker.request({ type: 'hold', callId, track, held })));
  }

  async closeStreams(
    callId: string,
    tracks: readonly number[],
    closedBy: 'end' | 'restart' = 'end',
  ): Promise<TrackSummary[]> {
    const call = this.#call(callId);
    const open = [...call.ports].filter(([track]) => tracks.includes(track));
    this.#fences.flush();
    const replies = await Promise.all(
      open.map(([track]) => call.worker.request({ type: 'close', callId, track, closedBy })),
    );
    for (const [index, [track, port]] of open.entries()) {
      const reply = replies[index];
      if (reply?.type === 'closed' && reply.source) this.#former.set(port, reply.source);
      // Whoever asked at the same time may have released it.
      if (call.ports.get(track) !== port) continue;
      call.ports.delete(track);
      this.#pool.release([port], monotonicMs());
    }
    return replies.flatMap((reply) => (reply.type === 'closed' ? [reply.summary] : []));
  }

  async endCall(callId: string): Promise<void> {
    const call = this.#calls.get(callId);
    if (!call) return;
    this.#calls.delete(callId);
    this.#bySlot.delete(call.slot);
    this.#gates.release(call.slot);
    this.#pool.release([...call.ports.values(), ...call.orphaned], monotonicMs());
    call.ports.clear();
    this.#ending.set(callId, call.worker);
    try {
      await call.worker.request({ type: 'endCall', callId });
    } catch {
      // The thread is gone, and with it the audio that it held back.
    } finally {
      this.#ending.delete(callId);
    }
  }

  /**
   * Stops the media: shuts every open gate behind what has arrived by now, and opens none any more,
   * whatever is still on its way. Resolves when every stream has confirmed.
   * @param closedBy `restart` if another process will continue the calls
   */
  async stopMedia(closedBy: 'end' | 'restart'): Promise<void> {
    this.#stopping = true;
    this.#forsaken = closedBy === 'end' ? 'stop' : closedBy;
    await Promise.all(
      [...this.#calls].map(async ([callId, { slot, ports, worker }]) => {
        if (this.#gates.get(slot) !== Gate.Open) return;
        const order = this.#setGate(slot, Gate.Closing, closedBy);
        const atMs = Number.POSITIVE_INFINITY;
        const marker = { action: MarkerAction.Shut, order, reason: closedBy, atMs };
        // A stream that does not confirm is shut all the same.
        const raised = this.#fences.raise(worker, { callId, marker }, ports.keys());
        const fence = this.#orShut(callId, order, raised);
        await fence.catch(() => undefined);
        if (this.#gates.order(slot) === order) this.#gates.set(slot, Gate.Shut);
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#stopping = true;
    this.#closed = true;
    this.#pulse.stop();
    this.#disk.close();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#fences.close();
  }

  #mustNotStop(): void {
    if (this.#stopping) throw new RecorderBusyError('Hush is stopping');
  }

  #call(callId: string): CallMedia {
    const call = this.#calls.get(callId);
    if (!call) throw new RangeError('the recorder has no such call');
    return call;
  }

  async #bind(callId: string, specs: readonly StreamSpec[], ports: readonly number[]) {
    const opened = await Promise.all(
      specs.map((spec, index) =>
        this.#open(callId, { spec, port: ports[index] as number, resumed: undefined }),
      ),
    );
    if (opened.every(Boolean)) return true;
    const call = this.#call(callId);
    const bound = specs.filter((_, index) => opened[index]);
    await Promise.all(
      bound.map(({ track }) => {
        call.ports.delete(track);
        return call.worker.request({ type: 'close', callId, track, closedBy: 'end' });
      }),
    );
    return false;
  }

  /** A thread died while it bound them: those that it had are the call's, to be bound again. */
  #releaseUnused(callId: string, ports: readonly number[]): void {
    const call = this.#calls.get(callId);
    const used = new Set([...(call?.ports.values() ?? []), ...(call?.orphaned ?? [])]);
    this.#pool.release(
      ports.filter((port) => !used.has(port)),
      monotonicMs(),
    );
  }

  /** Returns false when another program holds the port. */
  async #open(callId: string, stream: Listening): Promise<boolean> {
    const call = this.#call(callId);
    const { slot, worker, originMs } = call;
    call.lookbackMs = Math.max(call.lookbackMs, stream.spec.lookbackMs ?? 0);
    const { lookbackMs } = call;
    const former = this.#former.get(stream.port);
    const opening = { callId, slot, originMs, lookbackMs, former, ...stream };
    const reply = await worker.request({ type: 'open', ...opening });
    if (reply.type !== 'opened') return false;
    call.ports.set(stream.spec.track, stream.port);
    return true;
  }

  /** Retries, because the system may take a moment to release an ended thread's port. */
  async #openAgain(callId: string, stream: Listening) {
    for (let attempt = 0; attempt < MAX_BIND_ATTEMPTS; attempt += 1) {
      if (await this.#open(callId, stream)) return true;
      await delay(REBIND_INTERVAL_MS);
    }
    return false;
  }

  async #makeDir(callId: string): Promise<void> {
    const call = this.#call(callId);
    if (call.dirMade) return;
    const folder = join(this.#options.recordingsDir, callId);
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    call.dirMade = true;
  }

  /** Assigns calls to workers in turn. */
  #nextOf(workers: readonly WorkerHandle[]): WorkerHandle {
    const worker = workers[this.#nextWorker % workers.length];
    if (!worker) throw new RecorderBusyError('no media thread');
    this.#nextWorker += 1;
    return worker;
  }

  /** Numbers every order to a gate: markers of earlier orders no longer count. */
  #setGate(slot: number, gate: Gate, reason?: ClosingReason): number {
    this.#fences.supersede(this.#gates.order(slot));
    this.#lastOrder += 1;
    this.#gates.set(slot, gate, reason, this.#lastOrder);
    return this.#lastOrder;
  }

  /** Leaves the gate shut, and erases audio in doubt, if the effect fails. */
  async #orShut<Result>(callId: string, order: number, effect: Promise<Result>): Promise<Result> {
    try {
      return await effect;
    } catch (cause) {
      const call = this.#calls.get(callId);
      // A later order determines the gate.
      if (call && this.#gates.order(call.slot) === order) this.#shutNow(callId);
      this.#calls.get(callId)?.worker.post({ type: 'catchUp', callId });
      throw cause;
    }
  }

  /** Erases what ended streams hold back, as for every other stream. */
  async #eraseEnded(
    callId: string,
    { reason, predecessors = [] }: ShutOrder,
    cutMs: number,
  ): Promise<ErasedTrack[]> {
    const byWorker = new Map<WorkerHandle, string[]>();
    for (const id of [callId, ...predecessors]) {
      const worker = this.#calls.get(id)?.worker ?? this.#ending.get(id);
      if (worker) byWorker.set(worker, [...(byWorker.get(worker) ?? []), id]);
    }
    // It follows the order, so that a stream that ends in between is erased by one of the two.
    this.#fences.flush();
    const asked = [...byWorker].map(([worker, callIds]) =>
      worker
        .request({ type: 'eraseEnded', callId, callIds, cutMs, reason })
        // A thread that ends takes with it what it held back.
        .catch(() => undefined),
    );
    const ended = new AbortController();
    const late = delay(this.#options.fenceTimeoutMs, undefined, { signal: ended.signal })
      .then(() => Promise.reject(new FenceTimeoutError('a look-back was not confirmed')))
      .catch((cause) => (ended.signal.aborted ? [] : Promise.reject(cause)));
    const replies = await Promise.race([Promise.all(asked), late]).finally(() => ended.abort());
    return replies.flatMap((reply) => (reply?.type === 'erasedEnded' ? reply.tracks : []));
  }

  #addWorker(): void {
    const { workerEntry } = this.#options;
    const { portMin, portMax } = this.#options;
    const worker: WorkerHandle = new WorkerHandle({
      settings: this.#settings,
      // Ports of a range before this one may be resumed too.
      sockets: 2 * (portMax - portMin + 1) + SPARE_SOCKETS,
      ...(workerEntry ? { entry: workerEntry } : {}),
      onMessage: (message) => this.#onMessage(message),
      onDied: (detail) => this.#onWorkerDied(worker, detail),
    });
    this.#workers.push(worker);
  }

  #onMessage(message: FromWorker): void {
    const { listener } = this.#options;
    if (message.type === 'confirmed') {
      for (const confirmation of message.confirmations) this.#fences.confirm(confirmation);
    } else if (message.type === 'segment') {
      const { type: _, ...told } = message;
      const wrappedKey = Buffer.from(message.wrappedKey);
      listener.onSegment({ ...told, generation: 0, wrappedKey });
    } else if (message.type === 'began') {
      const { callId, track, startPosition, initialReason, originMs } = message;
      const clockOrigin = originOf(originMs);
      const call = this.#calls.get(callId);
      if (call) call.originMs ??= originMs;
      listener.onTrackBegan(callId, track, { startPosition, initialReason, clockOrigin });
    } else if (message.type === 'stats') {
      listener.onStreamStats(unpackStats(message.packed, (slot) => this.#bySlot.get(slot)));
    } else if (message.type === 'fellBack') {
      this.#fellBack(message.why);
    } else if (message.type === 'storageFailed') {
      this.#disk.refused();
      this.#shutNow(message.callId, 'stop');
      listener.onCallFailed(message.callId, 'storageFailed', message.code);
    }
  }

  /** Tells once, whatever the number of threads. */
  #fellBack(why: string): void {
    if (this.#hasFallenBack) return;
    this.#hasFallenBack = true;
    this.#options.listener.onReceiverFellBack(why);
  }

  #onWorkerDied(worker: WorkerHandle, detail: string): void {
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (this.#closed) return;
    this.#addWorker();
    const orphans = [...this.#calls].filter(([, call]) => call.worker === worker);
    for (const [callId, call] of orphans) {
      const reason = this.#gates.get(call.slot) === Gate.Open ? 'restart' : undefined;
      this.#setGate(call.slot, Gate.Shut, reason);
      call.worker = this.#nextOf(this.#workers);
      for (const port of call.ports.values()) call.orphaned.add(port);
      call.ports.clear();
      this.#fences.fail(callId);
    }
    const callIds = orphans.map(([callId]) => callId);
    this.#options.listener.onWorkerDied(callIds, detail);
  }

  #shutNow(callId: string, reason?: ClosingReason): void {
    const call = this.#calls.get(callId);
    if (call) this.#setGate(call.slot, Gate.Shut, reason);
  }
}
