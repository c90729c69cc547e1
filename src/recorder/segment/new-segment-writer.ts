import type { StreamSpec } from '../../domain/ports/recorder.ts';
import type { TrackClock } from '../clock/track-clock.ts';
import type { ResumedTrack, WorkerSettings } from '../messages.ts';
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts';

interface Track extends Pick<SegmentWriterOptions, 'commandCameAtMs' | 'onSegment' | 'onFailed'> {
  readonly callId: string;
  readonly spec: StreamSpec;
  readonly resumed: ResumedTrack | undefined;
  readonly lookbackMs: number;
  readonly clock: TrackClock;
}

type Settings = Pick<WorkerSettings, 'recordingsDir' | 'chunkMs' | 'maxUnwrittenBytes'> & {
  readonly masterKey: Buffer;
};

/** Makes the writer of a stream's track. */
export function newSegmentWriter(settings: Settings, track: Track): SegmentWriter {
  const { callId, spec, resumed, lookbackMs, clock } = track;
  const { commandCameAtMs, onSegment, onFailed } = track;
  const { recordingsDir, chunkMs, maxUnwrittenBytes, masterKey } = settings;
  return new SegmentWriter(
    {
      ...{ callId, recordingsDir, maxUnwrittenBytes, masterKey, lookbackMs },
      ...{ commandCameAtMs, onSegment, onFailed },
      track: spec.track,
      codec: spec.agreed.codec,
      clockRate: spec.clockRate,
      suppressDtmf: spec.suppressDtmf,
      chunkSamples: Math.floor((chunkMs * spec.clockRate) / 1000),
      firstSegment: resumed?.nextSegment ?? 0,
    },
    clock,
  );
}
