import type { AlarmKind } from './events.ts';
import type { Span } from './gap-map.ts';
import type { CallRecord, GapReason, GapRecord, TrackRecord } from './records.ts';
import { wantedMs } from './stream-presence.ts';
import { isLossy, type StreamFigures, type TrackHealth, trackHealth } from './track-health.ts';

/** What a call's recording is worth: all that was to be kept, less than that, or nothing of it. */
export const verdicts = ['complete', 'degraded', 'missing'] as const;
export type Verdict = (typeof verdicts)[number];

/** Why a verdict is what it is: stable codes, in plain words (docs/operate/assurance.md). */
export const assuranceReasons = {
  noMedia: { verdict: 'missing', words: 'The call was to be recorded, and no audio ever came.' },
  nothingKept: { verdict: 'missing', words: 'Audio came and was to be kept, and none is there.' },
  oneSided: { verdict: 'degraded', words: 'Only one party was ever heard.' },
  streamSilent: { verdict: 'degraded', words: 'A stream was offered and never sent a packet.' },
  partyMissing: {
    verdict: 'degraded',
    words: 'Several parties were named, and only one stream that is not mixed was offered.',
  },
  audioLost: { verdict: 'degraded', words: 'More than 1 % of a stream was lost on its way.' },
  interrupted: { verdict: 'degraded', words: 'Audio is missing around a restart of Hush.' },
  audioDamaged: {
    verdict: 'degraded',
    words: 'Audio was kept, and is damaged or not in the files any more.',
  },
  audioMissing: {
    verdict: 'degraded',
    words: 'Files of the recording are gone, or not whole: it is not played until they are back.',
  },
  unattended: {
    verdict: 'degraded',
    words: 'Hush did not answer for a while, and kept nothing that nobody could have paused.',
  },
  clockWrong: {
    verdict: 'degraded',
    words:
      "A stream's clock stood still, fell back or leapt: audio may lie up to a second beside its time.",
  },
  foreignMedia: { verdict: 'degraded', words: 'Packets from another source were refused.' },
  mediaStopped: { verdict: 'degraded', words: 'A steady stream stopped in the middle of a call.' },
  srtpFailed: { verdict: 'degraded', words: 'Encrypted packets did not pass their check.' },
  storageFailed: { verdict: 'degraded', words: 'The disk refused audio of the call.' },
  workerDied: { verdict: 'degraded', words: 'The media thread of the call ended.' },
  sessionLost: { verdict: 'degraded', words: 'A session could not be taken up after a restart.' },
  recorderUnavailable: {
    verdict: 'degraded',
    words: 'The recorder could not record when the call was offered.',
  },
  fenceUnconfirmed: {
    verdict: 'degraded',
    words: 'A Pause or Start was not confirmed by every stream: the call stayed shut.',
  },
  tooShort: {
    verdict: 'complete',
    words: 'The call was over before audio could be expected, and none came.',
  },
  metadataIncomplete: {
    verdict: 'complete',
    words: "Not all of the client's metadata could be read: parties may be missing, audio is not.",
  },
  notAsked: { verdict: 'complete', words: 'Nobody asked for this call to be recorded.' },
} as const satisfies Record<string, { readonly verdict: Verdict; readonly words: string }>;
export type AssuranceReason = keyof typeof assuranceReasons;

export interface CallHealth {
  readonly verdict: Verdict;
  readonly reasons: readonly AssuranceReason[];
  readonly keptMs: number;
  readonly absentMs: number;
  readonly lostMs: number;
  readonly pauses: number;
  readonly tracks: readonly TrackHealth[];
}

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
