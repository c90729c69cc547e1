import type { CallStream } from '../call/call.ts';
import type { ClockOrigin, PacketCounts, TrackRecord } from '../model/track.ts';
import type { TrackSummary } from '../ports/recorder.ts';

/** Returns the track of a stream that is there: what was told of it before, and its beginning. */
export function trackRecord(callId: string, stream: CallStream): TrackRecord {
  const { track, label, aor, role, clockRate, mixed, agreed, began, told } = stream;
  const { endPosition, reasonChanges, packets, clockWrongMs } = told;
  return {
    callId,
    track,
    label,
    aor,
    role,
    codec: agreed.codec,
    clockRate,
    mixed,
    startPosition: began?.startPosition ?? null,
    endPosition,
    initialReason: began?.initialReason ?? null,
    clockOrigin: began?.clockOrigin ?? null,
    reasonChanges,
    packets,
    clockWrongMs,
    presence: stream.presence,
  };
}

/** Returns the track of a closed stream: what was told of it before is part of it. */
export function endedTrack(callId: string, stream: CallStream, summary: TrackSummary): TrackRecord {
  const { began, told } = stream;
  const record = {
    ...trackRecord(callId, stream),
    ...summary,
    endPosition: laterOf(told.endPosition, summary.endPosition),
    reasonChanges: [...told.reasonChanges, ...summary.reasonChanges],
    packets: packetsOf(told.packets, summary.packets),
    clockWrongMs: told.clockWrongMs + summary.clockWrongMs,
  };
  if (!began) return record;
  const startPosition = Math.min(began.startPosition, summary.startPosition ?? Infinity);
  return { ...record, startPosition, initialReason: began.initialReason };
}

/** The moment at which a stream left: Unix ms, and ms on the call's clock; null before it began. */
export interface Leaving {
  readonly closedAt: number;
  readonly closedAtMs: number | null;
}

/**
 * Returns the track of a stream that left while nobody had it: it came as far as its leg was there,
 * by the call's clock, which a step of the wall clock does not move. Where nobody told of its first
 * packet, it is missing from its opening on.
 */
export function leftTrack(
  callId: string,
  stream: CallStream,
  { closedAt, closedAtMs }: Leaving,
): TrackRecord {
  const { began, clockRate, told, presence } = stream;
  const record = trackRecord(callId, stream);
  if (closedAtMs === null) return record;
  const left = Math.round((closedAtMs * clockRate) / 1000);
  if (began) {
    const endPosition = laterOf(told.endPosition, Math.max(began.startPosition, left));
    return { ...record, endPosition };
  }
  const openMs = Math.min(closedAtMs, Math.max(0, closedAt - presence.openedAt));
  const startPosition = left - Math.round((openMs * clockRate) / 1000);
  return { ...record, startPosition, endPosition: left, initialReason: 'restart' };
}

function laterOf(position: number | null, other: number | null): number | null {
  return position === null || other === null ? (position ?? other) : Math.max(position, other);
}

/** Older releases did not count all of them. */
function packetsOf(before: Partial<PacketCounts>, now: PacketCounts): PacketCounts {
  const fates = Object.keys(now) as (keyof PacketCounts)[];
  const counts = fates.map((fate) => [fate, (before[fate] ?? 0) + now[fate]]);
  return Object.fromEntries(counts) as Record<keyof PacketCounts, number>;
}

/** Returns the beginning of the call's clock, from any track that knows it. */
export function clockOriginOf(tracks: Iterable<Pick<TrackRecord, 'clockOrigin'>>) {
  let origin: ClockOrigin | null = null;
  for (const { clockOrigin } of tracks) origin ??= clockOrigin;
  return origin;
}
