import { type CallEvidence, type DeviceFrame, type Leg, sendingLagMs } from './judge.ts';
import { isMixed } from './mixed-sessions.ts';
import { type Origins, originKey, POSITION_TOLERANCE_MS } from './timeline.ts';

/** A recording as Hush describes it: the missing parts of each track, and the reasons. */
export interface RecordingDetail {
  readonly status: string;
  readonly beganAt: string;
  readonly lengthMs: number | null;
  readonly tracks: readonly {
    readonly aor: string | null;
    readonly gaps: readonly {
      readonly startMs: number;
      readonly lengthMs: number;
      readonly reason: string;
    }[];
  }[];
}

/** Instants of a crash: frames sent just before may be lost after a recording's last chunk. */
export type IsOutage = (sentAtMs: number) => boolean;

/** A crash cut off the end of a recording, whose intended length no gap map can know. */
export const BEYOND_THE_END = 'crash at the end';

/** Another session of the party has audio there too: what is missing is there, but unreadable. */
export const MIXED = 'two sessions mixed';

export interface Explanation {
  readonly evidence: CallEvidence;
  readonly origins: Origins;
  /** As `FoundFrame.recording` numbers them. */
  readonly recordings: readonly RecordingDetail[];
  readonly isOutage: IsOutage;
}

/** Returns the reason of a gap that a missing frame lies in; undefined: nothing explains it. */
export function reasonFor(
  frame: DeviceFrame,
  leg: Leg,
  { origins, recordings, isOutage, evidence }: Explanation,
): string | undefined {
  let isBeyond = false;
  for (const [index, { tracks, lengthMs, beganAt }] of recordings.entries()) {
    // Without kept frames, none shows where the recording begins.
    const origin = originFor(leg, index, { origins, evidence }) ?? Date.parse(beganAt);
    const atMs = frame.dueAtMs - origin;
    const isOwn = origins.has(originKey(leg, index));
    // Another leg's origin says nothing of how late this one's frames left.
    const toleranceMs = POSITION_TOLERANCE_MS + (isOwn ? 0 : sendingLagMs(leg));
    const gaps = tracks.filter(({ aor }) => aor === leg.party).flatMap((track) => track.gaps);
    const gap = gaps.find(
      ({ startMs, lengthMs: ms }) =>
        atMs >= startMs - toleranceMs && atMs <= startMs + ms + toleranceMs,
    );
    if (gap) return gap.reason;
    const beside = gapBetween(index, { frame, leg, evidence, tracks });
    if (beside) return beside;
    if (isMixed(frame, leg, index, evidence)) return MIXED;
    if (atMs > (lengthMs ?? 0) - POSITION_TOLERANCE_MS) isBeyond = true;
  }
  return isBeyond && isOutage(frame.sentAtMs) ? BEYOND_THE_END : undefined;
}

interface Sought extends Pick<Explanation, 'evidence'>, Pick<RecordingDetail, 'tracks'> {
  readonly frame: DeviceFrame;
  readonly leg: Leg;
}

/**
 * Finds the gap between the kept frames before and after. Misplaced audio, which is judged
 * separately, has its gaps there: they account for everything missing between those frames.
 */
function gapBetween(recording: number, { frame, leg, evidence, tracks }: Sought) {
  const found = evidence.found.get(leg.tag);
  const at = leg.frames.indexOf(frame);
  const placeOf = ({ index }: DeviceFrame) =>
    found?.get(index)?.find((place) => place.recording === recording)?.positionMs;
  const before = placeOf(leg.frames.slice(0, at).findLast(placeOf) ?? frame);
  const after = placeOf(leg.frames.slice(at).find(placeOf) ?? frame);
  if (before === undefined || after === undefined) return undefined;
  const gaps = tracks
    .filter(({ aor }) => aor === leg.party)
    .flatMap((track) => track.gaps)
    .map(({ startMs, lengthMs, reason }) => {
      const ms = Math.min(after, startMs + lengthMs) - Math.max(before, startMs);
      return { ms: Math.max(0, ms), reason };
    });
  const missingMs = gaps.reduce((sum, { ms }) => sum + ms, 0);
  if (missingMs < after - before - POSITION_TOLERANCE_MS) return undefined;
  return gaps.find(({ ms }) => ms > 0)?.reason;
}

/** Returns a leg's origin; one without kept frames lies as the others do. */
function originFor(
  leg: Leg,
  recording: number,
  { origins, evidence }: Pick<Explanation, 'origins' | 'evidence'>,
): number | undefined {
  const own = origins.get(originKey(leg, recording));
  if (own !== undefined) return own;
  for (const other of evidence.legs) {
    const origin = origins.get(originKey(other, recording));
    // A party that is farther away lies later.
    if (origin !== undefined) return origin + pathMs(other) - pathMs(leg);
  }
  return undefined;
}

function pathMs({ constantsMs }: Leg): number {
  return constantsMs[0] ?? 0;
}
