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

/** Everything that is known of a call when it is judged. */
export interface Evidence {
  readonly record: CallRecord;
  readonly tracks: readonly TrackRecord[];
  /** Undefined of audio that is destroyed or not yet read: then only what came is judged. */
  readonly gaps: readonly GapRecord[] | undefined;
  /** What was read of streams that are open, or were, as far as this process knows. */
  readonly readings: ReadonlyMap<number, StreamFigures>;
  /** When the gate was open, Unix ms, as the committed events tell. */
  readonly open: readonly Span[];
  readonly alarms: ReadonlySet<AlarmKind>;
  readonly pauses: number;
}

/** A stream that was wanted for less has had no time to begin: of it nothing can be said. */
export const MEDIA_EXPECTED_MS = 1_000;
/** Less than this of audio beside its time is heard by nobody. */
const MAX_CLOCK_WRONG_MS = 1_000;
/** What a gap of these says of the call, however short it is. */
const reasonOfGap: Partial<Record<GapReason, AssuranceReason>> = {
  restart: 'interrupted',
  unattended: 'unattended',
  lost: 'audioDamaged',
};

/** What is wrong with a call in progress; of one that has ended its tracks tell. */
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

/** Judges what a call holds by what it was expected to hold. */
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

/** Of calls that nobody asked for, or that were over at once, a verdict says nothing. */
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
    // An older release counted none.
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
 * Streams and parties of which nothing was ever heard, though it was expected. It follows from what
 * is durable alone: every process that judges the call finds the same.
 */
function absences({ record, tracks, open }: Evidence): AssuranceReason[] {
  const heard = tracks.filter(({ startPosition }) => startPosition !== null);
  const wanted = tracks
    .filter(({ startPosition }) => startPosition === null)
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
