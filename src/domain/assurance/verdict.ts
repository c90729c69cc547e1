import { wantedMs } from '../call/stream-presence.ts';
import type { Span } from '../common/span.ts';
import type { AlarmKind } from '../model/alarm.ts';
import {
  type AssuranceReason,
  assuranceReasons,
  type CallHealth,
  type TrackHealth,
  type Verdict,
} from '../model/call-health.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { GapReason, GapRecord } from '../model/gap.ts';
import type { TrackRecord } from '../model/track.ts';
import { isLossy, type StreamFigures, trackHealth } from './track-health.ts';

/** All evidence about a call when it is judged. */
export interface Evidence {
  readonly record: CallRecord;
  readonly tracks: readonly TrackRecord[];
  /** Undefined for audio that is destroyed or not yet read: then only the arrival is judged. */
  readonly gaps: readonly GapRecord[] | undefined;
  /** Readings of open and closed streams, as far as this process knows. */
  readonly readings: ReadonlyMap<number, StreamFigures>;
  /** Intervals in which the gate was open, Unix ms, from the committed events. */
  readonly open: readonly Span[];
  readonly alarms: ReadonlySet<AlarmKind>;
  readonly pauses: number;
}

/** A stream wanted for less time had no time to begin, and is not judged. */
export const MEDIA_EXPECTED_MS = 1_000;
/** Less misplaced audio than this is inaudible. */
const MAX_CLOCK_WRONG_MS = 1_000;
/** The reason that such a gap gives the call's verdict, however short it is. */
const reasonOfGap: Partial<Record<GapReason, AssuranceReason>> = {
  restart: 'interrupted',
  unattended: 'unattended',
  lost: 'audioDamaged',
};

/** Reasons for a call in progress; after its end the tracks are judged instead. */
const reasonWhileLive: Partial<Record<AlarmKind, AssuranceReason>> = {
  mediaMissing: 'noMedia',
  mediaOneSided: 'streamSilent',
  mediaLossy: 'audioLost',
};

const reasonOfAlarm: Partial<Record<AlarmKind, AssuranceReason>> = {
  mediaStopped: 'mediaStopped',
  mediaUnauthenticated: 'srtpFailed',
  storageFailed: 'storageFailed',
  workerDied: 'workerDied',
  sessionLost: 'sessionLost',
  recorderUnavailable: 'recorderUnavailable',
  fenceTimeout: 'fenceUnconfirmed',
};

/** Compares the audio that a call holds with the audio that was expected. */
export function judge(evidence: Evidence): CallHealth {
  const tracks = evidence.tracks.map((track) => trackHealth(track, evidence));
  const reasons = reasonsOf(evidence, tracks);
  return {
    verdict: worstOf(reasons),
    reasons,
    keptMs: sum(tracks.map(({ keptMs }) => keptMs)),
    absentMs: sum(tracks.map(({ absentMs }) => absentMs)),
    lostMs: sum(tracks.map(({ lostMs }) => lostMs)),
    pauses: evidence.pauses,
    tracks,
  };
}

/**
 * Returns false for calls that nobody wanted recorded, or that ended at once: no verdict applies.
 */
export function isJudged({ reasons }: Pick<CallHealth, 'reasons'>): boolean {
  return !reasons.includes('notAsked') && !reasons.includes('tooShort');
}

export function worstOf(reasons: readonly AssuranceReason[]): Verdict {
  const found = reasons.map((reason): Verdict => assuranceReasons[reason].verdict);
  if (found.includes('missing')) return 'missing';
  return found.includes('degraded') ? 'degraded' : 'complete';
}

function reasonsOf(evidence: Evidence, tracks: readonly TrackHealth[]): AssuranceReason[] {
  const { record, alarms } = evidence;
  if (!record.recorded) return ['notAsked'];
  const live = record.endedAt === null;
  const reasons = new Set<AssuranceReason>();
  if (record.metadataIncomplete) reasons.add('metadataIncomplete');
  for (const kind of alarms) {
    const reason = reasonOfAlarm[kind] ?? (live ? reasonWhileLive[kind] : undefined);
    if (reason) reasons.add(reason);
  }
  if (live) return [...reasons];
  for (const reason of absences(evidence)) reasons.add(reason);
  for (const { clockWrongMs, packets } of evidence.tracks) {
    if (clockWrongMs > MAX_CLOCK_WRONG_MS) reasons.add('clockWrong');
    // Older releases counted neither.
    if ((packets.overflowed ?? 0) > 0) reasons.add('queueOverflowed');
    if ((packets.foreign ?? 0) > 0) reasons.add('foreignMedia');
  }
  if (evidence.gaps === undefined) return [...reasons];
  const dueMs = sum(tracks.map(({ expectedMs, absentMs }) => expectedMs - absentMs));
  const keptMs = sum(tracks.map((track) => track.keptMs));
  if (dueMs >= MEDIA_EXPECTED_MS && keptMs === 0) reasons.add('nothingKept');
  if (evidence.tracks.some((track) => isLossy(track, evidence.gaps ?? []))) {
    reasons.add('audioLost');
  }
  for (const { reason } of evidence.gaps) {
    const says = reasonOfGap[reason];
    if (says) reasons.add(says);
  }
  return [...reasons];
}

/**
 * Returns streams and parties never heard although expected. It depends on durable facts alone, so
 * that every process that judges the call finds the same.
 */
function absences({ record, tracks, open }: Evidence): AssuranceReason[] {
  const heard = tracks.filter(wasHeard);
  const wanted = tracks
    .filter((track) => !wasHeard(track))
    .map(({ presence }) => wantedMs(presence, open));
  const silent = wanted.filter((ms) => ms >= MEDIA_EXPECTED_MS);
  if (heard.length === 0) {
    if (silent.length > 0) return ['noMedia'];
    return wanted.some((ms) => ms > 0) ? ['tooShort'] : [];
  }
  const reasons: AssuranceReason[] = silent.length > 0 ? ['streamSilent'] : [];
  const only = heard.length === 1 && heard[0]?.mixed === false;
  if (only && silent.length > 0) reasons.push('oneSided');
  if (only && tracks.length === 1 && record.parties.length > 1) reasons.push('partyMissing');
  return reasons;
}

/** A crash leaves tracks that may have begun, and nobody knows of a packet of theirs. */
function wasHeard({ startPosition, clockOrigin, presence }: TrackRecord): boolean {
  // Older releases noted neither.
  return startPosition !== null && (clockOrigin !== null || presence === null);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
