import type { TrackHealth } from '../model/call-health.ts';
import type { GapReason, GapRecord } from '../model/gap.ts';
import type { TrackRecord } from '../model/track.ts';

export interface StreamFigures {
  readonly jitterMs: number | null;
  /** Packets of an open stream. */
  readonly received: number;
  readonly lost: number;
  readonly overflowed: number;
}

interface TrackEvidence {
  readonly gaps: readonly GapRecord[] | undefined;
  readonly readings: ReadonlyMap<number, StreamFigures>;
}

const MAX_LOST_SHARE = 0.01;
/** Shorter losses are only a few packets. */
const MIN_LOST_MS = 100;
const lostReasons: readonly GapReason[] = ['loss', 'restart', 'unattended', 'lost'];
/** Judges by audio that never arrived; audio that arrived and is absent has reasons of its own. */
export function isLossy(track: TrackRecord, gaps: readonly GapRecord[]): boolean {
  const own = gaps.filter((gap) => gap.track === track.track);
  const lost = own.filter(({ reason }) => reason === 'loss');
  const away = own.filter(({ reason }) => !lostReasons.includes(reason));
  const perMs = track.clockRate / 1000;
  const lostMs = lengthOf(lost) / perMs;
  if (lostMs < MIN_LOST_MS) return false;
  const { received, lost: missed } = track.packets;
  const isPoor = received + missed > 0 && missed / (received + missed) > MAX_LOST_SHARE;
  const whole = (track.endPosition ?? 0) - (track.startPosition ?? 0);
  return isPoor || lostMs > ((whole - lengthOf(away)) / perMs) * MAX_LOST_SHARE;
}

/** @param gaps undefined for audio that is destroyed or not yet read */
export function trackHealth(track: TrackRecord, { gaps, readings }: TrackEvidence): TrackHealth {
  const toMs = (units: number) => (units * 1000) / track.clockRate;
  const { startPosition, endPosition } = track;
  const seen = readings.get(track.track);
  const packets = track.packets.received > 0 || !seen ? track.packets : seen;
  const expectedMs = toMs((endPosition ?? startPosition ?? 0) - (startPosition ?? 0));
  const own = (gaps ?? []).filter((gap) => gap.track === track.track);
  const lost = own.filter(({ reason }) => lostReasons.includes(reason));
  const wholeMs = Math.round(expectedMs);
  // Rounded so that kept, absent and lost time add up to the expected time.
  const lostMs = Math.min(wholeMs, Math.round(toMs(lengthOf(lost))));
  const absentMs = Math.min(wholeMs - lostMs, Math.round(toMs(lengthOf(own) - lengthOf(lost))));
  const sent = packets.received + packets.lost;
  return {
    track: track.track,
    aor: track.aor,
    expectedMs: wholeMs,
    keptMs: gaps === undefined ? 0 : wholeMs - absentMs - lostMs,
    absentMs,
    lostMs,
    packetsReceived: packets.received,
    packetsLost: packets.lost,
    packetsOverflowed: packets.overflowed ?? 0,
    lossShare: sent === 0 ? 0 : packets.lost / sent,
    jitterMs: seen?.jitterMs ?? null,
    clockWrongMs: track.clockWrongMs,
  };
}

function lengthOf(gaps: readonly GapRecord[]): number {
  return gaps.reduce((total, { length }) => total + length, 0);
}
