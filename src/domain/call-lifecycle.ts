import { randomUUID } from 'node:crypto';
import { Call, type CallStream } from './call.ts';
import type { CallRegistry } from './call-registry.ts';
import { CorrelationConflictError, RecorderBusyError, UccUnknownError } from './errors.ts';
import type { Journal } from './journal.ts';
import type {
  AlarmSink,
  Archive,
  Clock,
  Recorder,
  Store,
  StreamSpec,
  TrackSummary,
} from './ports.ts';
import { RecordingState, SavingState } from './recording-state.ts';
import type { CallRecord, Codec, Party, TrackRecord } from './records.ts';
import { isAgent, type Ucc, uccKey } from './ucc.ts';
import type { UccRegistry } from './ucc-registry.ts';

/** One audio stream as a recording session offers it. */
export interface OfferedStream {
  readonly label: string;
  readonly aor: string | null;
  readonly codec: Codec;
  readonly clockRate: number;
  readonly payloadType: number;
  readonly dtmfPayloadType: number | null;
  readonly held: boolean;
}

export interface SessionOffer {
  readonly sessionId: string;
  readonly uccName: string;
  readonly correlationId: string;
  readonly streams: readonly OfferedStream[];
  readonly parties: readonly { readonly aor: string; readonly name: string | null }[];
}

export interface AcceptedStream {
  readonly track: number;
  readonly port: number;
}

export interface StreamUpdate {
  readonly track: number;
  readonly codec: Codec;
  readonly payloadType: number;
  readonly dtmfPayloadType: number | null;
  readonly held: boolean;
}

export interface LifecyclePorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly archive: Archive;
  readonly store: Store;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  readonly limits: { readonly maxCalls: number; readonly mediaTimeoutMs: number };
  onTrackEnded(summary: TrackSummary): void;
}

/**
 * The life of a call: recording sessions bring streams to it and take them away; with the last session it
 * ends, and its saving flag, or the UCC's default, decides what becomes of the audio.
 *
 *   offer --> live --(last session leaves, or its media never returns)--> ended --+--> kept
 *                                                                                 +--> destroyed
 *                                                                                 +--> empty
 */
export class CallLifecycle {
  readonly #ports: LifecyclePorts;
  readonly #settling = new Set<Promise<void>>();
  readonly #mediaTimers = new Map<string, NodeJS.Timeout>();

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
  }

  /**
   * Adds a recording session's streams to the call of that correlation id, or begins the call.
   * @throws UccUnknownError, CorrelationConflictError, RecorderBusyError
   */
  async offer(offer: SessionOffer): Promise<{ call: Call; streams: AcceptedStream[] }> {
    const ucc = this.#ports.uccs.get(offer.uccName);
    if (!ucc) throw new UccUnknownError(offer.uccName);
    const call = this.#callFor(offer, ucc);
    call.sessions.add(offer.sessionId);
    const accepted = await call.queue.run(async () =>
      call.ended ? undefined : this.#addStreams(call, ucc, offer),
    );
    // The call ended while this offer waited for its turn: the offer begins the next one.
    return accepted ?? this.offer(offer);
  }

  /** A re-INVITE or UPDATE: new codecs or directions of streams that are there. */
  updateStreams(call: Call, updates: readonly StreamUpdate[]): Promise<void> {
    return call.queue.run(async () => {
      for (const update of updates) this.#updateCodec(call, update);
      for (const held of [true, false]) {
        const tracks = updates.filter((update) => update.held === held).map(({ track }) => track);
        const changed = tracks.filter((track) => call.streams.get(track)?.held !== held);
        if (changed.length > 0) await this.#ports.recorder.hold(call.id, changed, held);
        for (const track of changed) this.#stream(call, track).held = held;
      }
    });
  }

  /** Streams that the session no longer offers end; the call goes on. */
  dropStreams(call: Call, tracks: readonly number[]): Promise<void> {
    return call.queue.run(() => this.#closeStreams(call, ({ track }) => tracks.includes(track)));
  }

  /** Takes the session's streams off the call; with its last session the call ends. */
  leave(call: Call, sessionId: string): Promise<void> {
    return call.queue.run(async () => {
      if (!call.sessions.delete(sessionId) || call.ended) return;
      await this.#closeStreams(call, (stream) => stream.sessionId === sessionId);
      if (call.sessions.size === 0) await this.#end(call);
    });
  }

  /** The UCC no longer records: what it has in progress stops before the new setting is answered. */
  async stopCallsOf(uccName: string): Promise<void> {
    const running = this.#ports.calls
      .list({ ucc: uccName })
      .filter((call) => call.recordingState !== RecordingState.Stopped);
    await Promise.all(running.map((call) => call.queue.run(() => this.#stop(call))));
  }

  /** The recorder lost the call's audio: its state says so, durable or not. */
  callFailed(callId: string, kind: 'storageFailed' | 'workerDied', detail: string): void {
    const call = this.#ports.calls.byId(callId);
    if (!call) return;
    const { correlationId, uccName } = call;
    this.#ports.alarms.raise({ kind, callId, correlationId, uccName, detail });
    if (kind === 'workerDied') call.failed = true;
    void call.queue.run(() => this.#stopInDoubt(call));
  }

  /** Takes up the calls that were in progress when the process before this one ended. */
  async restore(): Promise<void> {
    for (const record of await this.#ports.store.liveCalls()) {
      const call = new Call(record);
      if (record.endedAt !== null) {
        call.ended = true;
        this.#settleLater(call);
        continue;
      }
      call.mediaOffered = (await this.#ports.store.tracks(record.id)).length > 0;
      this.#ports.calls.add(call);
      this.#ports.recorder.beginCall(call.id, keepsAudio(record), 'restart');
      this.#awaitMedia(call);
    }
  }

  /** Ends every call in progress and waits until each is settled. */
  async finishAll(): Promise<void> {
    const calls = this.#ports.calls.list();
    await Promise.all(
      calls.map((call) =>
        call.queue.run(async () => {
          if (call.ended) return;
          await this.#closeStreams(call, () => true);
          await this.#end(call);
        }),
      ),
    );
    await this.settled();
  }

  /** Resolves when every call that has ended has become kept, destroyed or empty. */
  async settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.all(this.#settling);
  }

  /** Stop now: nothing is finished, the next process restores. */
  abandon(): void {
    for (const timer of this.#mediaTimers.values()) clearTimeout(timer);
    this.#mediaTimers.clear();
  }

  #callFor(offer: SessionOffer, ucc: Ucc): Call {
    const { calls, alarms, clock, limits } = this.#ports;
    const known = calls.byCorrelationId(offer.correlationId);
    if (known && known.uccName !== uccKey(offer.uccName)) {
      const { correlationId } = offer;
      const detail = 'a live call of another UCC has this correlation id';
      alarms.raise({ kind: 'correlationConflict', correlationId, uccName: ucc.name, detail });
      throw new CorrelationConflictError(detail);
    }
    if (known && !known.ended) return known;
    if (calls.size >= limits.maxCalls) throw new RecorderBusyError('maxCalls reached');
    const { correlationId } = offer;
    const call = Call.begin({
      id: randomUUID(),
      correlationId,
      uccName: ucc.name,
      at: clock.now(),
    });
    calls.add(call);
    return call;
  }

  async #addStreams(call: Call, ucc: Ucc, offer: SessionOffer) {
    const { recorder, journal } = this.#ports;
    const begins = call.record.version === 1;
    const firstMedia = !call.mediaOffered && offer.streams.length > 0;
    const start = firstMedia && ucc.useAudioRecording && ucc.recordFromStart;
    if (begins && call.streams.size === 0) recorder.beginCall(call.id, start, 'stop');
    const first = Math.max(-1, ...call.streams.keys()) + 1;
    const added = offer.streams.map((stream, index) => newStream(stream, ucc, first + index));
    try {
      const specs = offer.streams.map((stream, index) => specOf(stream, first + index));
      if (start && !begins) await recorder.open(call.id);
      const opened = await recorder.openStreams(call.id, specs);
      const record = call.next({
        parties: partiesOf(call, ucc, offer),
        ...(start ? { recordingState: RecordingState.Started, recorded: true } : {}),
      });
      const tracks = added.map((stream) => trackRecord(call.id, stream));
      await journal.record(call, {
        type: begins ? 'callBegan' : 'callUpdated',
        record,
        extra: { tracks },
      });
      for (const stream of added) {
        call.streams.set(stream.track, { ...stream, sessionId: offer.sessionId });
      }
      call.mediaOffered ||= added.length > 0;
      this.#mediaReturned(call);
      return { call, streams: opened };
    } catch (cause) {
      if (start) await recorder.shut(call.id, 'stop').catch(() => undefined);
      await this.#withdraw(call, offer.sessionId, added);
      throw cause;
    }
  }

  async #withdraw(call: Call, sessionId: string, added: readonly { track: number }[]) {
    const { recorder, calls } = this.#ports;
    call.sessions.delete(sessionId);
    const tracks = added.map(({ track }) => track);
    await recorder.closeStreams(call.id, tracks).catch(() => []);
    if (call.sessions.size > 0 || call.record.version > 1) return;
    call.ended = true;
    calls.remove(call);
    recorder.endCall(call.id);
  }

  #updateCodec(call: Call, update: StreamUpdate): void {
    const stream = this.#stream(call, update.track);
    stream.codec = update.codec;
    this.#ports.recorder.updateStream(call.id, { ...update, clockRate: stream.clockRate });
  }

  #stream(call: Call, track: number): CallStream {
    const stream = call.streams.get(track);
    if (!stream) throw new RangeError(`no stream with track ${track}`);
    return stream;
  }

  async #closeStreams(call: Call, which: (stream: CallStream) => boolean): Promise<void> {
    const leaving = [...call.streams.values()].filter(which);
    if (leaving.length === 0) return;
    const tracks = leaving.map(({ track }) => track);
    const summaries = await this.#ports.recorder.closeStreams(call.id, tracks);
    for (const { track } of leaving) call.streams.delete(track);
    for (const summary of summaries) this.#ports.onTrackEnded(summary);
    const records = summaries.flatMap((summary) => {
      const stream = leaving.find(({ track }) => track === summary.track);
      return stream ? [{ ...trackRecord(call.id, stream), ...summary }] : [];
    });
    await this.#ports.store
      .commit({ tracks: records })
      .catch((cause) => this.#storeAlarm(call, cause));
  }

  async #end(call: Call): Promise<void> {
    this.#mediaReturned(call);
    call.ended = true;
    const record = call.next({ endedAt: this.#ports.clock.now() });
    try {
      await this.#ports.journal.record(call, { type: 'callEnded', record });
    } catch (cause) {
      call.accept(record);
      this.#storeAlarm(call, cause);
    }
    this.#ports.calls.remove(call);
    this.#ports.recorder.endCall(call.id);
    this.#settleLater(call);
  }

  #settleLater(call: Call): void {
    const settling = this.#settle(call)
      .catch((cause) => this.#storeAlarm(call, cause))
      .finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  /** Carries out the saving flag. Repeatable: a crash anywhere in it is settled again at the next start. */
  async #settle(call: Call): Promise<void> {
    const { archive, journal, uccs } = this.#ports;
    const saveByDefault = uccs.get(call.uccName)?.saveRecordingByDefault ?? true;
    const { savingState, recorded } = call.record;
    const keep =
      savingState === SavingState.Save || (savingState === SavingState.None && saveByDefault);
    if (recorded && keep) {
      const { lengthMs, gaps, tracks } = await archive.finish(call.id);
      const record = call.next({ status: 'kept', lengthMs });
      await journal.record(call, { type: 'recordingSaved', record, extra: { gaps, tracks } });
      return;
    }
    await archive.destroy(call.id);
    const record = call.next({ status: recorded ? 'destroyed' : 'empty' });
    await journal.record(call, { type: 'recordingDestroyed', record });
  }

  async #stop(call: Call): Promise<void> {
    if (call.ended) return;
    await this.#ports.recorder.shut(call.id, 'stop');
    await this.#stopInDoubt(call);
  }

  async #stopInDoubt(call: Call): Promise<void> {
    const runs = call.recordingState !== RecordingState.Uninitialized;
    if (call.ended || !runs || call.recordingState === RecordingState.Stopped) return;
    const record = call.next({ recordingState: RecordingState.Stopped });
    try {
      await this.#ports.journal.record(call, { type: 'recordingStateChanged', record });
    } catch (cause) {
      call.accept(record);
      this.#storeAlarm(call, cause);
    }
  }

  #awaitMedia(call: Call): void {
    const timer = setTimeout(() => {
      this.#mediaTimers.delete(call.id);
      void call.queue.run(async () => {
        if (!call.ended && call.sessions.size === 0) await this.#end(call);
      });
    }, this.#ports.limits.mediaTimeoutMs);
    this.#mediaTimers.set(call.id, timer);
  }

  #mediaReturned(call: Call): void {
    clearTimeout(this.#mediaTimers.get(call.id));
    this.#mediaTimers.delete(call.id);
  }

  #storeAlarm(call: Call, cause: unknown): void {
    const { id: callId, correlationId, uccName } = call;
    const detail = cause instanceof Error ? cause.message : 'unknown failure';
    this.#ports.alarms.raise({ kind: 'storeFailed', callId, correlationId, uccName, detail });
  }
}

export function keepsAudio(record: CallRecord): boolean {
  return record.recordingState === RecordingState.Started;
}

function newStream(offered: OfferedStream, ucc: Ucc, track: number): Omit<CallStream, 'sessionId'> {
  const role = offered.aor !== null && isAgent(ucc, offered.aor) ? 'agent' : 'other';
  const { label, aor, codec, clockRate, held } = offered;
  return { track, label, aor, role, codec, clockRate, held };
}

function specOf(offered: OfferedStream, track: number): StreamSpec {
  const { codec, clockRate, payloadType, dtmfPayloadType, held } = offered;
  return { track, codec, clockRate, payloadType, dtmfPayloadType, held };
}

function trackRecord(callId: string, stream: Omit<CallStream, 'sessionId'>): TrackRecord {
  const { track, label, aor, role, codec, clockRate } = stream;
  return {
    callId,
    track,
    label,
    aor,
    role,
    codec,
    clockRate,
    startPosition: null,
    endPosition: null,
    initialReason: null,
    packets: noPackets,
  };
}

const noPackets = {
  received: 0,
  kept: 0,
  gated: 0,
  duplicate: 0,
  dtmf: 0,
  unusable: 0,
  erased: 0,
} as const;

function partiesOf(call: Call, ucc: Ucc, offer: SessionOffer): readonly Party[] {
  const parties = new Map(call.record.parties.map((party) => [party.aor, party]));
  for (const { aor, name } of offer.parties) {
    parties.set(aor, { aor, name, role: isAgent(ucc, aor) ? 'agent' : 'other' });
  }
  return [...parties.values()];
}
