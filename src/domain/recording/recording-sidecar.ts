import { isoTime } from '../event/event-view.ts';
import type { CallDetailRecord } from '../model/call-detail.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { GapRecord } from '../model/gap.ts';
import { stateActionName } from '../model/recording-state.ts';
import type { TrackRecord } from '../model/track.ts';
import { channelsOf } from './channels.ts';

export interface RecordingParts {
  readonly tracks: readonly TrackRecord[];
  readonly gaps: readonly GapRecord[];
  readonly details: readonly CallDetailRecord[];
}

const channelNames = ['left', 'right'] as const;

/**
 * Returns the facts that an exported file cannot hold: who speaks on which channel, the marks,
 * where audio is absent and why. Times are ms from the beginning of the file.
 */
export function recordingSidecar(record: CallRecord, { tracks, gaps, details }: RecordingParts) {
  const channels = channelsOf(tracks);
  return {
    recordingId: record.id,
    correlationId: record.correlationId,
    uccName: record.uccName,
    beganAt: isoTime(record.beganAt),
    endedAt: record.endedAt === null ? null : isoTime(record.endedAt),
    lengthMs: record.lengthMs ?? 0,
    parties: record.parties,
    tracks: tracks.map(({ track, label, aor, role, codec, clockRate }, index) => ({
      track,
      label,
      aor,
      role,
      codec,
      channels: (channels[index] ?? []).map((channel) => channelNames[channel]),
      gaps: gaps
        .filter((gap) => gap.track === track)
        .map(({ start, length, reason }) => ({
          startMs: (start * 1000) / clockRate,
          lengthMs: (length * 1000) / clockRate,
          reason,
        })),
    })),
    marks: marksOf(record, tracks, details),
  };
}

/** Returns where the recording was marked or unmarked. */
export function marksOf(
  record: CallRecord,
  tracks: readonly TrackRecord[],
  details: readonly CallDetailRecord[],
) {
  const startedAt = startOf(record, tracks);
  return details.flatMap(({ action, requester, effectiveAt }) => {
    const name = stateActionName(action);
    if (name !== 'Mark' && name !== 'UnMark') return [];
    const atMs = Math.min(Math.max(0, effectiveAt - startedAt), record.lengthMs ?? 0);
    return [{ atMs, action: name, requester, markedAt: isoTime(effectiveAt) }];
  });
}

/** Returns Unix ms of the recording's first sample, as far as its tracks know. */
export function startOf(record: CallRecord, tracks: readonly TrackRecord[]): number {
  const starts = tracks.flatMap(({ clockOrigin, startPosition, clockRate }) =>
    clockOrigin === null || startPosition === null
      ? []
      : [clockOrigin.at + (startPosition * 1000) / clockRate],
  );
  return starts.length === 0 ? record.beganAt : Math.round(Math.min(...starts));
}
