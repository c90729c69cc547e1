import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Call, type CallStream, shutReason } from './call.ts';
import { CallEnding, type EndingPorts, storeAlarm } from './call-ending.ts';
import { CallRecovery, type RestoredSession } from './call-recovery.ts';
import { CorrelationConflictError, RecorderBusyError, UccUnknownError } from './errors.ts';
import { type Inherited, nothingInherited, statesInherited } from './inheritance.ts';
import type { MediaAgreement } from './media-agreement.ts';
import {
  type CallDescription,
  describeStreams,
  endedTrack,
  newStream,
  type SessionOffer,
  type SessionSignalling,
  sessionRecord,
  specOf,
  toldOf,
  trackRecord,
} from './offered-media.ts';
import type { OpenedStream, Store, TrackBeginning, TrackSummary, Vault } from './ports.ts';
import { RecordingState } from './recording-state.ts';
import { presenceWith } from './stream-presence.ts';
import { type Ucc, uccKey } from './ucc.ts';

export interface AcceptedStream {
  readonly track: number;
  readonly port: number;
}

export interface StreamUpdate {
  readonly track: number;
  readonly agreed: MediaAgreement;
  readonly held: boolean;
}

export interface LifecyclePorts extends EndingPorts {
  /** Why no new call is taken; undefined while there is room for it. */
  storageFull(): string | undefined;
  readonly store: Store;
  readonly vault: Vault;
  readonly limits: EndingPorts['limits'] & {
    readonly maxCalls: number;
    /** A call that follows within this time of its predecessor goes on with its states. */
    readonly inheritMs: number;
  };
  onTrackEnded(callId: string, summary: TrackSummary): void;
}

/**
 * The life of a call: recording sessions bring streams to it and take them away; with the last
 * session it ends, and its saving flag, or the UCC's default, decides what becomes of the audio.
 *
 *   offer --> live --(last session leaves, or its media never returns)--> ended --+--> kept
 *                                                                                 +--> destroyed
 *                                                                                 +--> empty
 */
export class CallLifecycle {
  readonly #ports: LifecyclePorts;
  readonly #ending: CallEnding;
  readonly #recovery: CallRecovery;

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
    this.#ending = new CallEnding(ports);
    this.#recovery = new CallRecovery(ports, this.#ending);
  }

  /**
   * Adds a recording session's streams to the call of that correlation id, or begins the call.
   * @throws UccUnknownError, CorrelationConflictError, RecorderBusyError
   */
  async offer(offer: SessionOffer): Promise<{ call: Call; streams: AcceptedStream[] }> {
    const ucc = this.#ports.uccs.get(offer.uccName);
    if (!ucc) throw new UccUnknownError(offer.uccName);
    const call = this.#callFor(offer, ucc);
    const knownSession = call.sessions.has(offer.sessionId);
    call.sessions.add(offer.sessionId);
    const accepted = await call.queue.run(async () => {
      if (call.ended) return undefined;
      try {
        return await this.#addStreams(call, ucc, offer);
      } catch (cause) {
        if (!knownSession) this.#withdraw(call, offer.sessionId);
        if (cause instanceof RecorderBusyError) this.#alarmRefused(offer, cause);
        throw cause;
      }
    });
    // The call ended while this offer waited for its turn: the offer begins the next one.
    return accepted ?? this.offer(offer);
  }

  /** A re-INVITE or UPDATE: new codecs or directions of streams that are there. */
  updateStreams(call: Call, updates: readonly StreamUpdate[]): Promise<void> {
    return call.queue.run(async () => {
      let changes = 0;
      for (const update of updates) await this.#agree(call, update);
      for (const held of [true, false]) {
        const tracks = updates.filter((update) => update.held === held).map(({ track }) => track);
        const changed = tracks.filter((track) => call.streams.get(track)?.held !== held);
        if (changed.length > 0) await this.#ports.recorder.hold(call.id, changed, held);
        for (const track of changed) this.#noteHold(this.#stream(call, track), held);
        changes += changed.length;
      }
      if (changes === 0) return;
      const tracks = updates.map(({ track }) => trackRecord(call.id, this.#stream(call, track)));
      // Whoever watches the call hears of it; the streams have their gate already.
      await this.#ports.journal
        .record(call, { type: 'callUpdated', record: call.next({}), extra: { tracks } })
        .catch((cause) => this.#storeAlarm(call, cause));
    });
  }

  /** The client has told more, or something else, of who speaks. */
  describe(call: Call, description: CallDescription): Promise<void> {
    return call.queue.run(async () => {
      const { uccs, journal } = this.#ports;
      const ucc = uccs.get(call.uccName);
      if (!ucc || call.ended) return;
      const changed = describeStreams(call, ucc, description);
      const { parties, metadataIncomplete } = call.record;
      const told = toldOf(call, ucc, description);
      const isKnown = isDeepStrictEqual(told, { parties, metadataIncomplete });
      if (changed.length === 0 && isKnown) return;
      const tracks = changed.map((stream) => trackRecord(call.id, stream));
      await journal.record(call, {
        type: 'callUpdated',
        record: call.next(told),
        extra: { tracks },
      });
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
      await this.#ports.store.endSession(sessionId).catch((cause) => this.#storeAlarm(call, cause));
      if (call.sessions.size === 0) await this.#ending.end(call);
    });
  }

  /**
   * The UCC no longer records: what it has in progress stops before the new setting is answered.
   */
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

  /** The stream's first packet, since it was opened or resumed. */
  trackBegan(callId: string, track: number, beginning: TrackBeginning): void {
    const call = this.#ports.calls.byId(callId);
    const stream = call?.streams.get(track);
    if (!call || !stream) return;
    this.#ending.mediaReturned(call);
    if (stream.began) return;
    stream.began = beginning;
    this.#ports.store
      .commit({ tracks: [trackRecord(call.id, stream)] })
      .catch((cause) => this.#storeAlarm(call, cause));
  }

  /** A media thread died; another one takes over its calls. */
  workerDied(callIds: readonly string[], detail: string): void {
    for (const callId of callIds) {
      const call = this.#ports.calls.byId(callId);
      if (!call) continue;
      const { correlationId, uccName } = call;
      this.#ports.alarms.raise({ kind: 'workerDied', callId, correlationId, uccName, detail });
      this.#recovery.resume(callId, (why) => this.callFailed(callId, 'workerDied', why));
    }
  }

  /** Resolves when another process could go on with the session. */
  async saveSession(call: Call, id: string, signalling: SessionSignalling): Promise<void> {
    const { store, vault } = this.#ports;
    await store.commit({ sessions: [sessionRecord(call, id, { ...signalling, vault })] });
  }

  /** Takes up the calls that were in progress when the process before this one ended. */
  restore(): Promise<RestoredSession[]> {
    return this.#recovery.restore();
  }

  /** Stops for the next process, which restores: nothing is finished, nothing is lost. */
  handOver(): Promise<void> {
    return this.#recovery.handOver();
  }

  /** Stop now: nothing is finished, the next process restores. */
  abandon(): void {
    this.#ending.abandon();
  }

  /** Ends every call in progress and waits until each is settled. */
  async finishAll(): Promise<void> {
    const calls = this.#ports.calls.list();
    await Promise.all(
      calls.map((call) =>
        call.queue.run(async () => {
          if (call.ended) return;
          await this.#closeStreams(call, () => true);
          await this.#ending.end(call);
        }),
      ),
    );
    await this.#ending.settled();
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
    const { correlationId } = offer;
    const full = calls.size >= limits.maxCalls ? 'maxCalls reached' : this.#ports.storageFull();
    if (full !== undefined) {
      const busy = new RecorderBusyError(full);
      this.#alarmRefused(offer, busy);
      throw busy;
    }
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
    const inherited = begins ? await this.#inherited(call) : nothingInherited;
    const firstMedia = !call.mediaOffered && offer.streams.length > 0;
    const start = firstMedia && this.#startsBy(ucc) && inherited.recordingState === undefined;
    const record = call.next({
      ...inherited,
      ...toldOf(call, ucc, offer),
      ...(start ? { recordingState: RecordingState.Started } : {}),
    });
    const opens = start && record.leases.length === 0;
    if (begins && call.streams.size === 0) {
      call.lookbackMs = ucc.pauseLookbackMs;
      const gate = { open: opens, reason: shutReason(record), lookbackMs: call.lookbackMs };
      recorder.beginCall(call.id, gate);
    }
    const first = call.nextTrack;
    call.nextTrack += offer.streams.length;
    const { suppressDtmf } = ucc;
    const specs = offer.streams.map((stream, index) =>
      specOf({ ...stream, suppressDtmf }, first + index),
    );
    try {
      if (opens && !begins) await recorder.open(call.id);
      const opened = await recorder.openStreams(call.id, specs);
      const at = this.#ports.clock.now();
      const added = offer.streams.map((stream, index) =>
        newStream(offer, stream, { ucc, at, opened: opened[index] as OpenedStream }),
      );
      await journal.record(call, {
        type: begins ? 'callBegan' : 'callUpdated',
        record: { ...record, recorded: record.recorded || opens },
        extra: { tracks: added.map((stream) => trackRecord(call.id, stream)) },
      });
      for (const stream of added) call.streams.set(stream.track, stream);
      call.mediaOffered ||= added.length > 0;
      this.#ending.mediaReturned(call);
      return { call, streams: opened };
    } catch (cause) {
      if (opens)
        await recorder.shut(call.id, { reason: 'stop', lookbackMs: 0 }).catch(() => undefined);
      const tracks = specs.map(({ track }) => track);
      await recorder.closeStreams(call.id, tracks).catch(() => []);
      throw cause;
    }
  }

  #startsBy({ useAudioRecording, recordFromStart }: Ucc): boolean {
    return useAudioRecording && recordFromStart;
  }

  /** What the dialogue's last recording leaves to this one: nothing lifts a pause in between. */
  async #inherited(call: Call): Promise<Inherited> {
    const { store, limits, clock } = this.#ports;
    const last = await store.lastCall(call.correlationId);
    return last ? statesInherited(last, clock.now() - limits.inheritMs) : nothingInherited;
  }

  /** A session whose first offer failed never was; a call that it alone began never was either. */
  #withdraw(call: Call, sessionId: string): void {
    const { recorder, calls } = this.#ports;
    call.sessions.delete(sessionId);
    if (call.sessions.size > 0 || call.record.version > 1) return;
    call.ended = true;
    calls.remove(call);
    recorder.endCall(call.id);
  }

  async #agree(call: Call, { track, agreed }: StreamUpdate): Promise<void> {
    const stream = this.#stream(call, track);
    stream.agreed = agreed;
    await this.#ports.recorder.updateStream(call.id, specOf(stream, track));
  }

  #noteHold(stream: CallStream, held: boolean): void {
    stream.held = held;
    stream.presence = presenceWith(stream.presence, held, this.#ports.clock.now());
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
    for (const summary of summaries) this.#ports.onTrackEnded(call.id, summary);
    const records = summaries.flatMap((summary) => {
      const stream = leaving.find(({ track }) => track === summary.track);
      if (!stream) return [];
      const presence = { ...stream.presence, closedAt: this.#ports.clock.now() };
      return [{ ...endedTrack(call.id, stream, summary), presence }];
    });
    await this.#ports.store
      .commit({ tracks: records })
      .catch((cause) => this.#storeAlarm(call, cause));
  }

  async #stop(call: Call): Promise<void> {
    if (call.ended) return;
    await this.#ports.recorder.shut(call.id, { reason: 'stop', lookbackMs: 0 });
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

  #alarmRefused({ correlationId, uccName }: SessionOffer, { message: detail }: Error): void {
    this.#ports.alarms.raise({ kind: 'recorderUnavailable', correlationId, uccName, detail });
  }

  #storeAlarm(call: Call, cause: unknown): void {
    this.#ports.alarms.raise(storeAlarm(call, cause));
  }
}
