import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import { noPackets } from '../model/track.ts';
import type { StreamStats } from '../ports/recorder.ts';
import type { AlarmRegister } from './alarm-register.ts';
import { type AssuranceLimits, findingsOf, type WatchedStream } from './findings.ts';
import type { StreamFigures } from './track-health.ts';

export interface AssuranceWatchPorts {
  readonly calls: CallRegistry;
  readonly alarms: Pick<AlarmRegister, 'raise' | 'clear' | 'callEnded' | 'isOpen'>;
  isRecorderAvailable(): boolean;
  readonly limits: AssuranceLimits;
  /** Monotonic ms */
  readonly nowMs?: () => number;
}

/** Longest step between two readings; a longer one means a stalled process, not a silent stream. */
const MAX_STEP_MS = 5_000;
/** A stream that was quiet this long and resumed sends nothing while nobody speaks. */
const SUPPRESSION_MS = 2_500;
const MIN_BURST = 10;

/** Checks every stream of every call, once a second, for expected audio that does not come. */
export class AssuranceWatch {
  readonly #ports: AssuranceWatchPorts;
  readonly #watched = new Map<string, Map<number, WatchedStream>>();

  constructor(ports: AssuranceWatchPorts) {
    this.#ports = ports;
  }

  onStats(stats: readonly StreamStats[]): void {
    const calls = new Set<Call>();
    for (const reading of stats) {
      const call = this.#ports.calls.byId(reading.callId);
      if (!call || call.ended) continue;
      this.#read(call, reading);
      calls.add(call);
    }
    for (const call of calls) this.#judge(call);
  }

  onEvent({ type, callId }: RecordingEvent): void {
    if (type === 'callEnded') this.#ports.alarms.callEnded(callId);
    if (type !== 'callBegan' && type !== 'callUpdated') return;
    const call = this.#ports.calls.byId(callId);
    if (!call?.keeps || this.#ports.isRecorderAvailable()) return;
    const detail = 'the recorder could not record when audio was offered';
    this.#ports.alarms.raise({ kind: 'recorderUnavailable', ...namesOf(call), detail });
  }

  /** Returns the readings of a call's streams; empty for a call that this process did not see. */
  figuresOf(callId: string): Map<number, StreamFigures> {
    const streams = this.#watched.get(callId) ?? new Map<number, WatchedStream>();
    return new Map(
      [...streams].map(([track, { jitterMs, packets }]) => {
        const { received, lost, overflowed } = packets;
        return [track, { jitterMs, received, lost, overflowed }];
      }),
    );
  }

  forget(callId: string): void {
    this.#watched.delete(callId);
  }

  #read(call: Call, { track, packets, jitterMs }: StreamStats): void {
    const streams = this.#watched.get(call.id) ?? new Map<number, WatchedStream>();
    this.#watched.set(call.id, streams);
    const now = this.#ports.nowMs?.() ?? performance.now();
    let stream = streams.get(track);
    if (!stream) {
      stream = newStream(now);
      streams.set(track, stream);
    }
    const heard = packets.received - packets.unauthenticated - packets.unusable - packets.foreign;
    const stepMs = Math.min(now - stream.readAtMs, MAX_STEP_MS);
    const offered = call.streams.get(track);
    const expects = call.keeps && !call.failed && offered !== undefined && !offered.held;
    const hadHeard = stream.heardEver;
    if (heard > 0) stream.heardEver = true;
    if (packets.comfortNoise > 0) stream.suppresses = true;
    if (!expects) stream.quietMs = 0;
    else {
      stream.expectedMs += stepMs;
      if (heard === stream.heard) stream.quietMs += stepMs;
      else {
        const { quietMs } = stream;
        const wasSilence = quietMs >= SUPPRESSION_MS && quietMs < this.#ports.limits.mediaSilentMs;
        if (hadHeard && wasSilence) stream.suppresses = true;
        stream.quietMs = 0;
        stream.steadyMs += stepMs;
      }
    }
    const bad = packets.unauthenticated - stream.packets.unauthenticated;
    const came = packets.received - stream.packets.received;
    if (bad >= MIN_BURST && bad * 2 >= came) stream.refusedAtMs = now;
    if (packets.foreign > stream.packets.foreign) stream.foreignAtMs = now;
    stream.readAtMs = now;
    stream.heard = heard;
    stream.packets = packets;
    stream.jitterMs = jitterMs;
    stream.expects = expects;
  }

  /** Streams of which nothing is expected leave their findings unchanged. */
  #judge(call: Call): void {
    const { alarms, limits } = this.#ports;
    const all = [...(this.#watched.get(call.id)?.entries() ?? [])];
    const streams = all.filter(([track]) => call.streams.has(track)).map(([, stream]) => stream);
    if (!streams.some(({ expects }) => expects)) return;
    for (const { kind, detail } of findingsOf(streams, limits)) {
      const open = alarms.isOpen(call.id, kind);
      if (detail !== undefined && !open) alarms.raise({ kind, ...namesOf(call), detail });
      if (detail === undefined && open) alarms.clear(call, kind);
    }
  }
}

function newStream(now: number): WatchedStream {
  return {
    readAtMs: now,
    expectedMs: 0,
    quietMs: 0,
    steadyMs: 0,
    heard: 0,
    jitterMs: 0,
    expects: false,
    heardEver: false,
    suppresses: false,
    refusedAtMs: null,
    foreignAtMs: null,
    packets: noPackets,
  };
}

function namesOf({ id: callId, correlationId, uccName }: Call) {
  return { callId, correlationId, uccName };
}
