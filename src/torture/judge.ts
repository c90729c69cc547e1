import type { Pause } from '../simulator/verdict.ts';
import type { FoundFrame, FoundFrames } from './found-frames.ts';

/** A frame as its device sent it. Unix ms with fraction. */
export interface DeviceFrame {
  readonly index: number;
  readonly sentAtMs: number;
  /** On the device's regular clock, which a busy machine lags behind. */
  readonly dueAtMs: number;
  /** undefined: the network lost it. */
  arrivedAtMs: number | undefined;
}

/** One m-line of one recording session. */
export interface Leg {
  readonly tag: number;
  readonly party: string;
  readonly frames: DeviceFrame[];
  /** Every constant delay that its path had, ms; empty without a path. */
  readonly constantsMs: readonly number[];
  /** Its path, if it has one, with that path's own lag. */
  readonly path?: { readonly lagMs: number } | undefined;
  /** Times when its sender's clock, source or path changed. */
  readonly disturbedAtMs: number[];
  /** Time when the client ended its session. */
  endedAtMs: number;
}

/** Returns the worst lag of a leg's packets: a busy machine's share, ms. */
export function sendingLagMs({ frames, path }: Leg): number {
  const lags = frames.map(({ sentAtMs, dueAtMs }) => sentAtMs - dueAtMs);
  return lags.reduce((most, lag) => Math.max(most, lag), 0) + (path?.lagMs ?? 0);
}

/** A time for which nothing may be kept, by sending time. */
export interface Silence extends Pause {
  /** Audio before the request that must be erased too. */
  readonly lookbackMs: number;
}

export interface Span {
  readonly from: number;
  readonly until: number;
}

export interface CallEvidence {
  readonly legs: readonly Leg[];
  readonly silences: readonly Silence[];
  readonly found: FoundFrames;
  /** True if nothing of the call may be playable, because its destruction was commanded. */
  readonly isDestroyed: boolean;
}

export interface JudgeOptions {
  /** Audio that a recorder may leave out after a Start, by sending time. */
  readonly guardMs: number;
}

/** Excuses for a missing frame that was sent while everything is to be kept. */
export const lossExcuses = ['guard', 'inFlight', 'overlap', 'clock'] as const;
export type LossExcuse = (typeof lossExcuses)[number];

export interface LegVerdict {
  readonly leg: Leg;
  /** Sent while nothing may be kept, beyond doubt. */
  readonly forbidden: number;
  readonly leaked: readonly DeviceFrame[];
  /** Sent, and arrived, while everything is to be kept, beyond doubt. */
  readonly required: number;
  readonly lost: readonly DeviceFrame[];
  /** Every missing frame, except where two sessions are mixed; those of `lost` among them. */
  readonly missing: readonly DeviceFrame[];
  readonly excused: Readonly<Record<LossExcuse, number>>;
  /** Time from each request for a Start to the first frame kept after it, by sending time. */
  readonly guardCostsMs: readonly number[];
}

/**
 * Precision of an instant shared by two processes of a busy machine: an HTTP request takes this
 * long before the recorder can know of it. The kit's own lag is added.
 */
export const COMMAND_TOLERANCE_MS = 60;
/**
 * Precision of a look-back's beginning: the erasure is counted from when the recorder could read
 * the request, which a busy machine sends, accepts and schedules with delays.
 */
const LOOKBACK_TOLERANCE_MS = 200;

/** Time that a recorder may need to tell a new time line from jitter. */
export const SETTLING_MS = 1_000;

/** Judges each frame by the time its device sent it, whenever it arrived. */
export function judgeLeg(leg: Leg, evidence: CallEvidence, { guardMs }: JudgeOptions): LegVerdict {
  const { silences, isDestroyed } = evidence;
  const found = evidence.found.get(leg.tag) ?? new Map<number, FoundFrame[]>();
  const isKept = ({ index }: DeviceFrame): boolean => found.has(index);
  const excused = { guard: 0, inFlight: 0, overlap: 0, clock: 0 };
  const leaked: DeviceFrame[] = [];
  const lost: DeviceFrame[] = [];
  const missing: DeviceFrame[] = [];
  let [forbidden, required] = [0, 0];
  const toleranceMs = COMMAND_TOLERANCE_MS + sendingLagMs(leg);
  for (const frame of leg.frames) {
    const isSilent = silences.some((silence) => isForbidden(frame, silence, toleranceMs));
    if (isDestroyed || isSilent) {
      forbidden += 1;
      if (isKept(frame)) leaked.push(frame);
    } else if (isDue(frame, leg, silences)) {
      required += 1;
      if (isKept(frame)) continue;
      const excuse = excuseFor(frame, leg, evidence, guardMs + toleranceMs);
      if (excuse !== 'overlap') missing.push(frame);
      if (excuse) excused[excuse] += 1;
      else lost.push(frame);
    }
  }
  const guardCostsMs = isDestroyed ? [] : guardCosts(leg, silences, isKept);
  return { leg, forbidden, leaked, required, lost, missing, excused, guardCostsMs };
}

function isForbidden({ sentAtMs }: DeviceFrame, silence: Silence, toleranceMs: number): boolean {
  const { requestedAt, answeredAt, startRequestedAt, lookbackMs } = silence;
  if (answeredAt === Number.POSITIVE_INFINITY) return false;
  if (sentAtMs > answeredAt && sentAtMs < startRequestedAt) return true;
  const lateMs = toleranceMs - COMMAND_TOLERANCE_MS + LOOKBACK_TOLERANCE_MS;
  const oldestMs = requestedAt - lookbackMs + lateMs;
  return lookbackMs > 0 && sentAtMs > oldestMs && sentAtMs <= requestedAt;
}

/** True for a frame outside every silence when sent and on arrival, in time for its session. */
function isDue(frame: DeviceFrame, leg: Leg, silences: readonly Silence[]): boolean {
  const { sentAtMs, arrivedAtMs } = frame;
  if (arrivedAtMs === undefined || arrivedAtMs >= leg.endedAtMs) return false;
  return silences.every(({ requestedAt, startAnsweredAt, lookbackMs }) => {
    const from = lookbackMs > 0 ? requestedAt - lookbackMs - COMMAND_TOLERANCE_MS : requestedAt;
    return sentAtMs < from || sentAtMs > startAnsweredAt;
  });
}

function excuseFor(
  frame: DeviceFrame,
  leg: Leg,
  { silences, legs }: CallEvidence,
  guardedMs: number,
): LossExcuse | undefined {
  const { sentAtMs, arrivedAtMs = 0 } = frame;
  const inFlight = silences.some(({ requestedAt, lookbackMs }) => {
    const from = lookbackMs > 0 ? requestedAt - lookbackMs - COMMAND_TOLERANCE_MS : requestedAt;
    return sentAtMs < requestedAt && arrivedAtMs >= from;
  });
  if (inFlight) return 'inFlight';
  // A Start takes effect when it is answered at the latest: a recorder may have stalled.
  const isGuarded = silences.some(
    ({ startRequestedAt, startAnsweredAt }) =>
      sentAtMs >= startRequestedAt && sentAtMs <= startAnsweredAt + guardedMs,
  );
  if (isGuarded) return 'guard';
  if (overlaps(leg, legs, frame)) return 'overlap';
  const isUnsettled = leg.disturbedAtMs.some(
    (at) => sentAtMs >= at - COMMAND_TOLERANCE_MS && sentAtMs <= at + SETTLING_MS,
  );
  return isUnsettled ? 'clock' : undefined;
}

/** Returns true while two sessions of one party are mixed: neither's frames are readable then. */
export function overlaps(
  leg: Leg,
  legs: readonly Leg[],
  { dueAtMs, sentAtMs }: DeviceFrame,
): boolean {
  return legs.some((other) => {
    if (other === leg || other.party !== leg.party) return false;
    const [first, last] = [other.frames[0], other.frames.at(-1)];
    if (!first || !last) return false;
    // A frame lies anywhere between its due time and when a busy machine sent it.
    const isDuring = sentAtMs > first.dueAtMs - COMMAND_TOLERANCE_MS;
    return isDuring && dueAtMs < last.sentAtMs + COMMAND_TOLERANCE_MS;
  });
}

/** Returns the cost of guards; a silence that another one outlasts has no Start of its own. */
function guardCosts(
  leg: Leg,
  silences: readonly Silence[],
  isKept: (frame: DeviceFrame) => boolean,
): number[] {
  return silences.flatMap((silence) => {
    const { startRequestedAt } = silence;
    const others = silences.filter((other) => other !== silence);
    const isOutlasted = others.some(
      (other) => other.requestedAt <= startRequestedAt && other.startRequestedAt > startRequestedAt,
    );
    if (isOutlasted || startRequestedAt === Number.POSITIVE_INFINITY) return [];
    const next = Math.min(
      ...others.map(({ requestedAt }) => requestedAt).filter((at) => at > startRequestedAt),
    );
    const first = leg.frames.find(
      (frame) => frame.sentAtMs >= startRequestedAt && frame.sentAtMs < next && isKept(frame),
    );
    return first ? [first.sentAtMs - startRequestedAt] : [];
  });
}
