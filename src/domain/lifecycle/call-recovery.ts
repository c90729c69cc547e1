import { Call, shutReason } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Journal } from '../call/journal.ts';
import type { Moments } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { SessionRecord } from '../model/recording-session.ts';
import { StateAction } from '../model/recording-state.ts';
import type { ClockOrigin, TrackRecord } from '../model/track.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { GateSetting, Recorder, ResumedStream } from '../ports/recorder.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { CallEnding } from './call-ending.ts';
import type { CallSettlement } from './call-settlement.ts';
import { earlierParts } from './dialogue-entry.ts';
import { specOf } from './offered-media.ts';
import { beginningsOf, heldBack, streamsOf } from './recovered-call.ts';
import type { StreamClosing } from './stream-closing.ts';
import { clockOriginOf } from './track-records.ts';

export interface RecoveryPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly store: Store;
  readonly vault: Vault;
  readonly alarms: AlarmSink;
  readonly moments: Moments;
  readonly settlement: CallSettlement;
  readonly journal: Pick<Journal, 'record'>;
}

export interface RecoverySteps {
  readonly ending: CallEnding;
  readonly closing: StreamClosing;
}

/** Calls settled in parallel after a start. */
const MAX_AT_ONCE = 8;

/** How the previous process ended. */
export interface FormerProcess {
  /** True: it told the store all that it knew of its streams. */
  readonly inOrder: boolean;
}

/** A recording session of the previous process. */
export interface RestoredSession {
  readonly record: SessionRecord;
  readonly call: Call;
  /** One of its ports is taken: the client must set up the session anew. */
  readonly lost: boolean;
}

/**
 * Keeps a call alive when its process or media thread ends: a process that crashed or handed over,
 * or a media thread that died. The gate follows the call's durable state before the first packet is
 * read.
 */
export class CallRecovery {
  readonly #ports: RecoveryPorts;
  readonly #ending: CallEnding;
  readonly #closing: StreamClosing;
  /** The previous process's sessions that are not resumed, by the calls that lost them. */
  #lost: { readonly sessions: string[]; readonly calls: Map<Call, string> } = noneLost();

  constructor(ports: RecoveryPorts, { ending, closing }: RecoverySteps) {
    this.#ports = ports;
    this.#ending = ending;
    this.#closing = closing;
  }

  /** Takes up the calls that were in progress when the previous process ended. */
  async restore(before: FormerProcess): Promise<RestoredSession[]> {
    const { store } = this.#ports;
    const sessions = await store.sessions();
    const restored: RestoredSession[] = [];
    const unsettled = await store.unsettledCalls();
    for (const record of unsettled.filter(({ endedAt }) => endedAt === null)) {
      const call = new Call(heldBack(record));
      const own = sessions.filter(({ callId }) => callId === record.id);
      restored.push(...(await this.#restoreCall(call, own, before)));
    }
    await this.#tellHeldBack(unsettled.filter(({ openConfirmed }) => !openConfirmed));
    void this.#settle(unsettled.filter(({ endedAt }) => endedAt !== null));
    // Audio can come back from now on.
    for (const call of this.#ports.calls.list()) this.#ending.awaitMedia(call);
    const taken = new Set(restored.map(({ record }) => record.id));
    this.#lost.sessions.push(...sessions.map(({ id }) => id).filter((id) => !taken.has(id)));
    return restored;
  }

  /**
   * Runs after `restore`, once this process is sure to start: reports sessions that cannot be
   * resumed, and ends calls that have no session left.
   */
  async endLost(): Promise<void> {
    const { sessions, calls } = this.#lost;
    this.#lost = noneLost();
    for (const [call, detail] of calls) this.alarmLost(call, detail);
    await Promise.all(sessions.map((id) => this.#ports.store.endSession(id)));
    const left = this.#ports.calls.list().filter((call) => call.sessions.size === 0);
    await Promise.all(
      left.map((call) =>
        call.queue.run(async () => {
          if (!call.ended && call.sessions.size === 0) await this.#ending.end(call);
        }),
      ),
    );
  }

  /** Listens again for the streams of a replaced media thread, behind shut gates. */
  resume(callId: string, onFailed: (detail: string) => void): void {
    const call = this.#ports.calls.byId(callId);
    if (!call) return;
    void call.queue.run(async () => {
      if (call.ended) return;
      try {
        const lost = await this.#resumeStreams(call, clockOriginOf(beginningsOf(call)), crashed);
        if (lost.length > 0) throw new Error(`${lost.length} ports could not be had again`);
        call.openings += 1;
        if (call.keeps) await this.#ports.recorder.open(call.id);
      } catch (cause) {
        onFailed(cause instanceof Error ? cause.message : 'unknown failure');
      }
    });
  }

  /** Seals the audio in memory; calls and sessions stay as they are, for the next process. */
  async handOver(): Promise<void> {
    this.#ending.abandon();
    const calls = this.#ports.calls.list();
    await Promise.all(calls.map((call) => call.queue.run(() => this.#handOver(call))));
  }

  async #restoreCall(
    call: Call,
    sessions: readonly SessionRecord[],
    before: FormerProcess,
  ): Promise<RestoredSession[]> {
    const { calls, recorder, store, uccs, moments } = this.#ports;
    const { record } = call;
    const rules = uccs.rulesOf(record);
    const tracks = await store.tracks(record.id);
    call.nextTrack = 1 + Math.max(-1, ...tracks.map(({ track }) => track));
    call.mediaOffered = tracks.length > 0;
    call.lookbackMs = rules?.pauseLookbackMs ?? 0;
    const taken = this.#takeUp(call, sessions, tracks);
    for (const stream of call.streams.values()) {
      stream.suppressDtmf ||= rules?.suppressDtmf ?? false;
    }
    calls.add(call);
    const { ids, recent } = earlierParts(
      await store.dialogueParts(record),
      record.id,
      moments.moment(),
    );
    calls.follows(call, ids);
    call.predecessors = recent;
    // Recording may have been switched off meanwhile: the caller of `restore` stops the call then.
    const gate: GateSetting = {
      open: call.keeps && rules?.useAudioRecording !== false,
      reason: call.keeps ? 'restart' : shutReason(record),
      lookbackMs: call.lookbackMs,
    };
    recorder.beginCall(call.id, gate);
    const lost = new Set(await this.#resumeStreams(call, clockOriginOf(tracks), before));
    return taken.map((session) => {
      const isLost = session.streams.some(({ track }) => lost.has(track));
      if (isLost) {
        this.alarmLost(call, 'an RTP port is in use by another program; the session is ended');
      }
      return { record: session, call, lost: isLost };
    });
  }

  /** @returns the sessions that could be resumed */
  #takeUp(
    call: Call,
    sessions: readonly SessionRecord[],
    tracks: readonly TrackRecord[],
  ): SessionRecord[] {
    const { vault } = this.#ports;
    const taken = sessions.filter((session) => {
      try {
        const streams = streamsOf(session, { tracks, vault });
        call.sessions.add(session.id);
        for (const stream of streams) call.streams.set(stream.track, stream);
        return true;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : 'unknown failure';
        this.#lost.calls.set(call, `a session could not be taken up: ${why}`);
        return false;
      }
    });
    // A call whose last session left in order only lacked its end.
    const isOver = tracks.length > 0 && tracks.every(({ presence }) => presence?.closedAt);
    if (sessions.length === 0 && !isOver) {
      this.#lost.calls.set(call, 'no session of the call could be taken up; it is ended');
    }
    return taken;
  }

  /** Finishes work that the previous process left; Save and Delete reach earlier parts as well. */
  async #settle(ended: readonly CallRecord[]): Promise<void> {
    const { settlement, calls } = this.#ports;
    for (const { record } of calls.list()) {
      void settlement.reconsider(record).catch(() => undefined);
    }
    const left = [...ended];
    const next = async (): Promise<void> => {
      for (let record = left.pop(); record; record = left.pop()) await settlement.settle(record);
    };
    await Promise.all(Array.from({ length: MAX_AT_ONCE }, next));
  }

  /** Listeners may have heard of a Start, so they are told its outcome too. */
  async #tellHeldBack(doubtful: readonly CallRecord[]): Promise<void> {
    const { calls, journal, alarms } = this.#ports;
    for (const { id, correlationId, uccName } of doubtful) {
      const call = calls.byId(id);
      if (!call) continue;
      const detail = 'a Start that nobody can vouch for was taken back: the call is paused';
      alarms.raise({ kind: 'storeFailed', callId: id, correlationId, uccName, detail });
      const entry = { type: 'recordingStateChanged', action: StateAction.Pause } as const;
      await journal.record(call, { ...entry, record: call.restated() });
    }
  }

  async #resumeStreams(
    call: Call,
    origin: ClockOrigin | null,
    { inOrder }: FormerProcess,
  ): Promise<number[]> {
    const segments = await this.#ports.store.segments(call.id);
    const nextOf = (track: number) =>
      1 + Math.max(-1, ...segments.filter((one) => one.track === track).map((one) => one.segment));
    const streams = [...call.streams.values()].map(
      (stream): ResumedStream => ({
        spec: specOf(stream, stream.track),
        port: stream.port,
        startPosition: stream.began?.startPosition ?? null,
        unknownSince: inOrder ? null : stream.presence.openedAt,
        nextSegment: nextOf(stream.track),
      }),
    );
    return this.#ports.recorder.resumeStreams(call.id, streams, origin);
  }

  async #handOver(call: Call): Promise<void> {
    if (call.ended) return;
    const { tracks } = await this.#closing.close(call, [...call.streams.values()], 'restart');
    await this.#ports.store.commit({ tracks });
  }

  /** Raises an alarm for a lost session: its client must set it up anew. */
  alarmLost(call: Call, detail: string): void {
    const { id: callId, correlationId, uccName } = call;
    this.#ports.alarms.raise({ kind: 'sessionLost', callId, correlationId, uccName, detail });
  }
}

/** What a media thread was about to tell dies with it. */
const crashed: FormerProcess = { inOrder: false };

function noneLost() {
  return { sessions: [], calls: new Map<Call, string>() };
}
