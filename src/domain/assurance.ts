import type { AlarmKind } from './events.ts';
import type { CallRecord, GapReason, GapRecord, TrackRecord } from './records.ts';

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
  notAsked: { verdict: 'complete', words: 'Nobody asked for this call to be recorded.' },
} as const satisfies Record<string, { readonly verdict: Verdict; readonly words: string }>;
export type AssuranceReason = keyof typeof assuranceReasons;

/** Between the first and the last packet of a stream; what was never sent is in no figure. */
export interface TrackHealth {
  readonly track: number;
  readonly aor: string | null;
  readonly expectedMs: number;
  readonly keptMs: number;
  /** Left out on purpose: paused, held, stopped, digits, announced silence. */
  readonly absentMs: number;
  readonly lostMs: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Of the packets that were sent, 0 to 1. */
  readonly lossShare: number;
  /** RFC 3550 section 6.4.1; null where nobody measured it. */
  readonly jitterMs: number | null;
}

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
  /** Per track: for how long audio was expected from it, as far as this process knows. */
  readonly expectations: ReadonlyMap<number, Expectation>;
  readonly alarms: ReadonlySet<AlarmKind>;
  readonly pauses: number;
}

export interface Expectation {
  readonly expectedMs: number;
  readonly jitterMs: number | null;
  /** Packets of a stream that is open. */
  readonly received: number;
  readonly lost: number;
}

/** Until then a stream has had no time to begin. */
const SHORTEST_MS = 1_000;
const MAX_LOST_SHARE = 0.01;
/** Less than this is no more than a few packets. */
const MIN_LOST_MS = 100;
const lostReasons: readonly GapReason[] = ['loss', 'restart'];

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
  for (const kind of alarms) {
    const reason = reasonOfAlarm[kind] ?? (live ? reasonWhileLive[kind] : undefined);
    if (reason) reasons.add(reason);
  }
  if (live) return [...reasons];
  for (const reason of absences(evidence)) reasons.add(reason);
  if (evidence.gaps === undefined) return [...reasons];
  const wantedMs = sum(tracks.map(({ expectedMs, absentMs }) => expectedMs - absentMs));
  const keptMs = sum(tracks.map((track) => track.keptMs));
  if (wantedMs >= SHORTEST_MS && keptMs === 0) reasons.add('nothingKept');
  if (tracks.some(isLossy)) reasons.add('audioLost');
  if (evidence.gaps.some(({ reason }) => reason === 'restart')) reasons.add('interrupted');
  return [...reasons];
}

/** Streams and parties of which nothing was ever heard, though it was expected. */
function absences(evidence: Evidence): AssuranceReason[] {
  const { record, tracks } = evidence;
  const heard = tracks.filter(({ startPosition }) => startPosition !== null);
  const silent = tracks.filter(
    (track) => track.startPosition === null && isExpected(track, evidence),
  );
  if (heard.length === 0) return silent.length > 0 ? ['noMedia'] : [];
  const reasons: AssuranceReason[] = silent.length > 0 ? ['streamSilent'] : [];
  const only = heard.length === 1 && heard[0]?.mixed === false;
  if (only && silent.length > 0) reasons.push('oneSided');
  if (only && tracks.length === 1 && record.parties.length > 1) reasons.push('partyMissing');
  return reasons;
}

/** A stream of a call that this process did not see is expected to have had the call's length. */
function isExpected({ track }: TrackRecord, { record, expectations }: Evidence): boolean {
  const wholeMs = (record.endedAt ?? record.beganAt) - record.beganAt;
  return (expectations.get(track)?.expectedMs ?? wholeMs) >= SHORTEST_MS;
}

function isLossy({ expectedMs, absentMs, lostMs, lossShare }: TrackHealth): boolean {
  if (lostMs < MIN_LOST_MS) return false;
  return lostMs > (expectedMs - absentMs) * MAX_LOST_SHARE || lossShare > MAX_LOST_SHARE;
}

function trackHealth(track: TrackRecord, { gaps, expectations }: Evidence): TrackHealth {
  const toMs = (units: number) => (units * 1000) / track.clockRate;
  const { startPosition, endPosition } = track;
  const seen = expectations.get(track.track);
  const packets = track.packets.received > 0 || !seen ? track.packets : seen;
  const expectedMs = toMs((endPosition ?? startPosition ?? 0) - (startPosition ?? 0));
  const own = (gaps ?? []).filter((gap) => gap.track === track.track);
  const lengthOf = (some: readonly GapRecord[]) => toMs(sum(some.map(({ length }) => length)));
  const lostMs = lengthOf(own.filter(({ reason }) => lostReasons.includes(reason)));
  const absentMs = lengthOf(own) - lostMs;
  const sent = packets.received + packets.lost;
  return {
    track: track.track,
    aor: track.aor,
    expectedMs: Math.round(expectedMs),
    keptMs: gaps === undefined ? 0 : Math.round(Math.max(0, expectedMs - absentMs - lostMs)),
    absentMs: Math.round(absentMs),
    lostMs: Math.round(lostMs),
    packetsReceived: packets.received,
    packetsLost: packets.lost,
    lossShare: sent === 0 ? 0 : packets.lost / sent,
    jitterMs: seen?.jitterMs ?? null,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
