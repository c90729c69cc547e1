import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Call, type CallStream, keepsAudio, shutReason } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Journal } from '../call/journal.ts';
import { presenceWith } from '../call/stream-presence.ts';
import type { Moments } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import { RecorderBusyError, UccUnknownError } from '../model/errors.ts';
import type { MediaAgreement } from '../model/media-agreement.ts';
import { RecordingState, StateAction } from '../model/recording-state.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  ErasedTrack,
  FenceReceipt,
  OpenedStream,
  Recorder,
  ShutOrder,
  StreamSpec,
  TrackBeginning,
  TrackSummary,
} from '../ports/recorder.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';
import { CallEnding, storeAlarm } from './call-ending.ts';
import { CallRecovery, type FormerProcess, type RestoredSession } from './call-recovery.ts';
import type { CallSettlement } from './call-settlement.ts';
import { DialogueEntry, type Joining } from './dialogue-entry.ts';
import {
  type CallDescription,
  describeStreams,
  newStream,
  type SessionOffer,
  type SessionSignalling,
  sessionRecord,
  specOf,
  toldOf,
} from './offered-media.ts';
import type { RecordedFacts } from './recorded-facts.ts';
import { StreamClosing } from './stream-closing.ts';
import { trackRecord } from './track-records.ts';

export interface AcceptedStream {
  readonly track: number;
  readonly port: number;
}

export interface StreamUpdate {
  readonly track: number;
  readonly agreed: MediaAgreement;
  readonly held: boolean;
}

export interface LifecyclePorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  readonly moments: Moments;
  readonly settlement: CallSettlement;
  /** Ends recording sessions from our side; each of them leaves its call then. */
  hangUp(sessionIds: readonly string[]): void;
  /** Why no new call is taken; undefined while there is room for it. */
  storageFull(): string | undefined;
  readonly store: Store;
  readonly vault: Vault;
  readonly facts: Pick<RecordedFacts, 'tell'>;
  readonly limits: {
    readonly mediaTimeoutMs: number;
    readonly maxCalls: number;
    /** A dialogue is over when it had no recording session for this long. */
    readonly inheritMs: number;
  };
  onTrackEnded(callId: string, summary: TrackSummary): void;
}

const stopOrder: ShutOrder = { reason: 'stop', lookbackMs: 0 };

/**
 * The life of a call: recording sessions bring streams to it and take them away; with the last
 * session it ends, and its saving flag, or the UCC's default, decides what becomes of the audio.
 *
 *   offer --> live --(last session leaves, or its media never returns)--> ended: call-settlement.ts
 */
export class CallLifecycle {
  readonly #ports: LifecyclePorts;
  readonly #ending: CallEnding;
  readonly #dialogues: DialogueEntry;
  readonly #closing: StreamClosing;
  readonly #recovery: CallRecovery;

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
    this.#ending = new CallEnding(ports);
    this.#dialogues = new DialogueEntry(ports);
    this.#closing = new StreamClosing(ports);
    this.#recovery = new CallRecovery(ports, { ending: this.#ending, closing: this.#closing });
  }

  /**
   * Adds a recording session's streams to the call of that correlation id, or begins the call.
   * @throws UccUnknownError, RecorderBusyError
   */
  async offer(offer: SessionOffer): Promise<{ call: Call; streams: AcceptedStream[] }> {
    const ucc = this.#ports.uccs.get(offer.uccName);
    if (!ucc) throw new UccUnknownError(offer.uccName);
    const call = this.#callFor(offer, ucc.name);
    const knownSession = call.sessions.has(offer.sessionId);
    call.sessions.add(offer.sessionId);
    const accepted = await call.queue.run(async () => {
      if (call.ended) return undefined;
      try {
        return await this.#addStreams(call, offer);
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
        if (changed.length > 0) await this.#hold(call, changed, held);
        changes += changed.length;
      }
      if (changes === 0) return;
      const tracks = updates.map(({ track }) => trackRecord(call.id, this.#stream(call, track)));
      // Watchers of the call are notified; the streams already have their gate.
      await this.#ports.journal
        .record(call, { type: 'callUpdated', record: call.restated(), extra: { tracks } })
        .catch((cause) => this.#storeAlarm(call, cause));
    });
  }

  /** The client has told more, or something else, of who speaks. */
  describe(call: Call, description: CallDescription): Promise<void> {
    return call.queue.run(async () => {
      const { uccs, journal } = this.#ports;
      const rules = uccs.rulesOf(call.record);
      if (!rules || call.ended) return;
      const changed = describeStreams(call, rules, description);
      const { parties, metadataIncomplete } = call.record;
      const told = toldOf(call, rules, description);
      const isKnown = isDeepStrictEqual(told, { parties, metadataIncomplete });
      if (changed.length === 0 && isKnown) return;
      const tracks = changed.map((stream) => trackRecord(call.id, stream));
      await journal.record(call, {
        type: 'callUpdated',
        record: call.described(told),
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
      .filter(({ ended }) => !ended)
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
    void this.#ports.facts.tell(call.id, {
      [`track ${track}`]: () => ({ tracks: [trackRecord(call.id, stream)] }),
    });
  }

  /** A Pause reached into streams that had ended: their tracks say so. */
  erased(tracks: readonly ErasedTrack[]): void {
    for (const { callId, track, packets } of tracks) {
      void this.#countErased(callId, track, packets).catch((cause: unknown) => {
        const detail = cause instanceof Error ? cause.message : 'unknown failure';
        this.#ports.alarms.raise({ kind: 'storeFailed', callId, detail });
      });
    }
  }

  /** A media thread died; another one takes over its calls. */
  workerDied(callIds: readonly string[], detail: string): void {
    for (const callId of callIds) {
      const call = this.#ports.calls.byId(callId);
      if (!call) continue;
      const { correlationId, uccName } = call;
      this.#ports.alarms.raise({ kind: 'workerDied', callId, correlationId, uccName, detail });
      call.replacements += 1;
      this.#recovery.resume(callId, (why) => this.callFailed(callId, 'workerDied', why));
    }
  }

  /** Resolves when another process could go on with the session. */
  async saveSession(call: Call, id: string, signalling: SessionSignalling): Promise<void> {
    const { store, vault } = this.#ports;
    await store.commit({ sessions: [sessionRecord(call, id, { ...signalling, vault })] });
  }

  /** Takes up the calls that were in progress when the process before this one ended. */
  async restore(before: FormerProcess): Promise<RestoredSession[]> {
    const restored = await this.#recovery.restore(before);
    const { uccs } = this.#ports;
    const off = uccs.list().filter(({ useAudioRecording }) => !useAudioRecording);
    await Promise.all(off.map(({ name }) => this.stopCallsOf(name)));
    return restored;
  }

  /** Behind `restore`: ends what could not be taken up. */
  endLost(): Promise<void> {
    return this.#recovery.endLost();
  }

  /** A restored session cannot go on: its call is told, and ends where it was the last one. */
  loseSession(call: Call, sessionId: string, why: string): Promise<void> {
    this.#recovery.alarmLost(call, `a session could not be taken up: ${why}`);
    return this.leave(call, sessionId);
  }

  /** Stops for the next process, which restores: nothing is finished, nothing is lost. */
  handOver(): Promise<void> {
    this.#ports.settlement.abandon();
    return this.#recovery.handOver();
  }

  /** Save or Delete was said of the call's dialogue: the parts that have ended follow. */
  reconsider(call: Call): Promise<void> {
    return this.#ports.settlement.reconsider(call.record);
  }

  /** Stop now: nothing is finished, the next process restores. */
  abandon(): void {
    this.#ports.settlement.abandon();
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
    await this.#ports.settlement.close();
  }

  async #countErased(callId: string, track: number, packets: number): Promise<void> {
    const { store } = this.#ports;
    const record = (await store.tracks(callId)).find((other) => other.track === track);
    if (!record) return;
    const { kept, erased } = record.packets;
    const counts = { ...record.packets, kept: kept - packets, erased: erased + packets };
    await store.commit({ tracks: [{ ...record, packets: counts }] });
  }

  #callFor(offer: SessionOffer, uccName: string): Call {
    const { calls, clock } = this.#ports;
    const known = calls.byCorrelationId(offer.correlationId);
    if (known && !known.ended) return known;
    const { correlationId } = offer;
    const busy = this.#busy();
    if (busy) {
      this.#alarmRefused(offer, busy);
      throw busy;
    }
    const call = Call.begin({
      id: randomUUID(),
      correlationId,
      uccName,
      at: clock.now(),
    });
    calls.add(call);
    return call;
  }

  /** Returns why no call can begin now, if so. */
  #busy(): RecorderBusyError | undefined {
    const { calls, limits, storageFull } = this.#ports;
    if (calls.size >= limits.maxCalls) return new RecorderBusyError('maxCalls reached', 'maxCalls');
    const full = storageFull();
    return full === undefined ? undefined : new RecorderBusyError(full, 'spoolFull');
  }

  async #addStreams(call: Call, offer: SessionOffer) {
    const { recorder, journal } = this.#ports;
    const begins = call.record.version === 1;
    const joining = await this.#dialogues.join(call, offer.uccName);
    const { rules } = joining;
    const record = call.joined({
      ...joining.changes,
      ...toldOf(call, rules, offer),
      ...(this.#startsBy(call, offer, joining) ? { recordingState: RecordingState.Started } : {}),
    });
    const opens = keepsAudio(record);
    await this.#tighten(call, rules);
    if (begins && call.streams.size === 0) {
      const gate = { open: opens, reason: shutReason(record), lookbackMs: call.lookbackMs };
      // A fence that was to be taken before there was a gate has shut nothing.
      call.openings += 1;
      recorder.beginCall(call.id, gate);
    }
    const first = call.nextTrack;
    call.nextTrack += offer.streams.length;
    const specs = offer.streams.map((stream, index) =>
      specOf({ ...stream, suppressDtmf: rules.suppressDtmf }, first + index),
    );
    const held = specs.map((spec) => ({ ...spec, lookbackMs: call.lookbackMs }));
    try {
      if (!begins) await this.#setGate(call, opens);
      const opened = await this.#openStreams(call, held);
      const at = this.#ports.clock.now();
      const added = offer.streams.map((stream, index) =>
        newStream(offer, stream, { rules, at, opened: opened[index] as OpenedStream }),
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
      await this.#takeBack(call, specs, opens);
      throw cause;
    }
  }

  /** The first media of a call starts its recorder, where nothing was commanded before. */
  #startsBy(call: Call, { streams }: SessionOffer, { changes, rules }: Joining): boolean {
    if (call.mediaOffered || streams.length === 0) return false;
    const state = changes.recordingState ?? call.recordingState;
    const isUntouched = state === RecordingState.Uninitialized;
    return isUntouched && rules.useAudioRecording && rules.recordFromStart;
  }

  /** Another UCC's rules may shut it; nothing but the first media opens it. */
  async #setGate(call: Call, opens: boolean): Promise<void> {
    if (opens === call.keeps) return;
    if (opens) await this.#open(call);
    else await this.#ports.recorder.shut(call.id, stopOrder);
  }

  #open(call: Call): Promise<FenceReceipt> {
    call.openings += 1;
    return this.#ports.recorder.open(call.id);
  }

  /** A media thread that dies meanwhile is replaced: the next one is asked. */
  async #openStreams(call: Call, specs: readonly StreamSpec[]): Promise<OpenedStream[]> {
    const { recorder } = this.#ports;
    try {
      return await recorder.openStreams(call.id, specs);
    } catch (cause) {
      if (cause instanceof RecorderBusyError) throw cause;
      return recorder.openStreams(call.id, specs);
    }
  }

  /** Nothing of the offer stays; what the call is by its durable state, its gate is again. */
  async #takeBack(call: Call, specs: readonly StreamSpec[], opens: boolean): Promise<void> {
    const { recorder } = this.#ports;
    if (!call.keeps) await recorder.shut(call.id, stopOrder).catch(() => undefined);
    else if (!opens) await this.#open(call).catch(() => this.#stopInDoubt(call));
    const tracks = specs.map(({ track }) => track);
    await recorder.closeStreams(call.id, tracks).catch(() => []);
  }

  /** A session whose first offer failed never was; a call that it alone began never was either. */
  #withdraw(call: Call, sessionId: string): void {
    const { recorder, calls, settlement } = this.#ports;
    call.sessions.delete(sessionId);
    if (call.sessions.size > 0 || call.record.version > 1) return;
    call.ended = true;
    calls.remove(call);
    Promise.resolve(recorder.endCall(call.id)).catch((cause) => this.#storeAlarm(call, cause));
    settlement.resume(call.correlationId);
  }

  async #hold(call: Call, tracks: readonly number[], held: boolean): Promise<void> {
    const told = this.#ports.recorder.hold(call.id, tracks, held);
    for (const track of tracks) this.#noteHold(this.#stream(call, track), held);
    await this.#unlessReplaced(call, told);
  }

  /** Streams that are open already follow the rules of a UCC that joins, where it is stricter. */
  async #tighten(call: Call, { pauseLookbackMs, suppressDtmf }: UccRules): Promise<void> {
    const isLonger = pauseLookbackMs > call.lookbackMs;
    call.lookbackMs = Math.max(call.lookbackMs, pauseLookbackMs);
    const laxer = [...call.streams.values()].filter(
      (stream) => isLonger || (suppressDtmf && !stream.suppressDtmf),
    );
    for (const stream of laxer) {
      stream.suppressDtmf ||= suppressDtmf;
      const spec = { ...specOf(stream, stream.track), lookbackMs: call.lookbackMs };
      await this.#unlessReplaced(call, this.#ports.recorder.updateStream(call.id, spec));
    }
  }

  async #agree(call: Call, { track, agreed }: StreamUpdate): Promise<void> {
    const stream = this.#stream(call, track);
    stream.agreed = agreed;
    const told = this.#ports.recorder.updateStream(call.id, specOf(stream, track));
    await this.#unlessReplaced(call, told);
  }

  /**
   * A media thread that died was told in vain: the one in its place takes up the streams as the
   * call has them, in a turn of its own.
   */
  async #unlessReplaced(call: Call, told: Promise<void>): Promise<void> {
    const { replacements } = call;
    try {
      await told;
    } catch (cause) {
      if (call.replacements === replacements) throw cause;
    }
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
    const { summaries, tracks } = await this.#closing.close(call, leaving, 'end');
    for (const { track } of leaving) call.streams.delete(track);
    for (const summary of summaries) this.#ports.onTrackEnded(call.id, summary);
    const facts = tracks.map((track) => [`track ${track.track}`, () => ({ tracks: [track] })]);
    await this.#ports.facts.tell(call.id, Object.fromEntries(facts));
  }

  /** The gate is shut, confirmed or not: the state says so either way. */
  async #stop(call: Call): Promise<void> {
    if (call.ended) return;
    let pauseConfirmed = true;
    try {
      await this.#ports.recorder.shut(call.id, stopOrder);
    } catch (cause) {
      pauseConfirmed = false;
      const { id: callId, correlationId, uccName } = call;
      const detail = cause instanceof Error ? cause.message : 'unknown failure';
      this.#ports.alarms.raise({ kind: 'fenceTimeout', callId, correlationId, uccName, detail });
    }
    await this.#stopInDoubt(call, { pauseConfirmed });
  }

  async #stopInDoubt(call: Call, more: Pick<CallRecord, 'pauseConfirmed'> | object = {}) {
    const runs = call.recordingState !== RecordingState.Uninitialized;
    if (call.ended || !runs || call.recordingState === RecordingState.Stopped) return;
    const record = call.controlled({ ...more, recordingState: RecordingState.Stopped });
    try {
      // Nobody commanded it, and whoever listens is told all the same.
      const action = StateAction.Stop;
      await this.#ports.journal.record(call, { type: 'recordingStateChanged', record, action });
    } catch (cause) {
      this.#ports.journal.acceptUntold(call, record);
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
