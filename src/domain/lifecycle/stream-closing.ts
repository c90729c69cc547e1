import type { Call, CallStream } from '../call/call.ts';
import type { TrackRecord } from '../model/track.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type { Recorder, TrackSummary } from '../ports/recorder.ts';
import { endedTrack, leftTrack } from './track-records.ts';

export interface StreamClosingPorts {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly alarms: AlarmSink;
}

/** Streams that this process has no more. */
export interface ClosedStreams {
  /** What their media thread told of them; nothing where it is gone. */
  readonly summaries: readonly TrackSummary[];
  /** One each, whatever became of the thread. */
  readonly tracks: readonly TrackRecord[];
}

/**
 * Closes streams of a call. One whose media thread died, and is just being replaced, is closed all
 * the same: what was lost with the thread is missing up to now.
 */
export class StreamClosing {
  readonly #ports: StreamClosingPorts;

  constructor(ports: StreamClosingPorts) {
    this.#ports = ports;
  }

  /** @param closedBy `restart` if another process goes on with them */
  async close(
    call: Call,
    streams: readonly CallStream[],
    closedBy: 'end' | 'restart',
  ): Promise<ClosedStreams> {
    const { clock, recorder } = this.#ports;
    const summaries = await this.#summaries(call, streams, closedBy);
    const closedAt = clock.now();
    const leaving = { closedAt, closedAtMs: recorder.positionMs(call.id) };
    const tracks = streams.map((stream) => {
      const summary = summaries.find(({ track }) => track === stream.track);
      const record = summary
        ? endedTrack(call.id, stream, summary)
        : leftTrack(call.id, stream, leaving);
      if (closedBy === 'restart') return record;
      return { ...record, presence: { ...stream.presence, closedAt } };
    });
    return { summaries, tracks };
  }

  async #summaries(
    call: Call,
    streams: readonly CallStream[],
    closedBy: 'end' | 'restart',
  ): Promise<TrackSummary[]> {
    const tracks = streams.map(({ track }) => track);
    try {
      return await this.#ports.recorder.closeStreams(call.id, tracks, closedBy);
    } catch (cause) {
      const { id: callId, correlationId, uccName } = call;
      const why = cause instanceof Error ? cause.message : 'unknown failure';
      const detail = `the end of its streams was not read: ${why}`;
      this.#ports.alarms.raise({ kind: 'workerDied', callId, correlationId, uccName, detail });
      return [];
    }
  }
}
