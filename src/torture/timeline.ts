import { FRAME_MS } from '../simulator/rtp-sender.ts';
import type { FoundFrame } from './found-frames.ts';
import {
  type CallEvidence,
  type DeviceFrame,
  type Leg,
  overlaps,
  SETTLING_MS,
  sendingLagMs,
} from './judge.ts';

/**
 * Tolerance of a frame's place: a frame's own length where the recorder cut it, one more for the
 * lag of a busy machine in sending and reading, and 20 ms that a recorder may be wrong by without
 * reporting it. The kit's own lag is added: a source that begins late is placed by its arrival.
 */
export const POSITION_TOLERANCE_MS = 3 * FRAME_MS;
/** Distance from an edge within which a frame may be cut: commands do not meet audio exactly. */
const EDGE_MS = 200;
/** Drifting clocks are adjusted by leaving out less than this at a time. */
const SLIP_MS = 2;

export interface TimelineVerdict {
  /** Kept, and compared with their places. */
  readonly placed: number;
  readonly misplaced: readonly DeviceFrame[];
  /** Frames partly overlaid by other audio. */
  readonly overwritten: readonly DeviceFrame[];
}

/**
 * Compares every kept frame's place with the time its device sent it. The call's clock is taken
 * from the frames before the first disturbance: of all legs together where nothing delays them, of
 * each leg by itself where a path does, since its constant part cannot be known.
 */
export function judgeTimeline(
  evidence: CallEvidence,
  disturbances: readonly number[],
): TimelineVerdict {
  const { legs, found } = evidence;
  const misplaced: DeviceFrame[] = [];
  const overwritten: DeviceFrame[] = [];
  let placed = 0;
  const origins = originsOf(evidence, disturbances);
  const toleranceMs = POSITION_TOLERANCE_MS + Math.max(0, ...legs.map(sendingLagMs));
  for (const leg of legs) {
    const disturbed = [...disturbances, ...leg.disturbedAtMs];
    const edges = edgesOf(leg, evidence);
    const mayBeCut = (frame: DeviceFrame): boolean =>
      isNear(frame.sentAtMs, edges) || overlaps(leg, legs, frame);
    for (const frame of leg.frames) {
      const places = found.get(leg.tag)?.get(frame.index) ?? [];
      if (places.length === 0 || isUnsettled(frame.sentAtMs, disturbed)) continue;
      placed += 1;
      const isRight = (place: FoundFrame): boolean =>
        offsetOf(frame, leg, { place, origins }) <= toleranceMs;
      if (!places.every(isRight)) misplaced.push(frame);
      else if (places.every(isCut) && !mayBeCut(frame)) overwritten.push(frame);
    }
  }
  return { placed, misplaced, overwritten };
}

/** Sending time of each recording's first sample, by `originKey`. */
export type Origins = ReadonlyMap<string, number>;

/** Returns a frame's distance from the place of its sending time, ms. */
function offsetOf(
  frame: DeviceFrame,
  leg: Leg,
  { place, origins }: { readonly place: FoundFrame; readonly origins: Origins },
): number {
  const origin = origins.get(originKey(leg, place.recording));
  if (origin === undefined) return 0;
  const constants = leg.constantsMs.length === 0 ? [0] : leg.constantsMs;
  const [base = 0] = constants;
  const offsets = constants.map((constantMs) => {
    const expected = frame.dueAtMs + constantMs - base - origin;
    return Math.abs(place.positionMs - expected);
  });
  return Math.min(...offsets);
}

function isCut({ lengthMs }: FoundFrame): boolean {
  return lengthMs < FRAME_MS - SLIP_MS;
}

export function originKey({ tag, constantsMs }: Leg, recording: number): string {
  return constantsMs.length === 0 ? String(recording) : `${recording}/${tag}`;
}

/** Takes the median of each recording's steady frames. */
export function originsOf({ legs, found }: CallEvidence, disturbances: readonly number[]): Origins {
  const steady = new Map<string, number[]>();
  const all = new Map<string, number[]>();
  for (const leg of legs) {
    const firstDisturbance = Math.min(...disturbances, ...leg.disturbedAtMs);
    for (const frame of leg.frames) {
      for (const { recording, positionMs } of found.get(leg.tag)?.get(frame.index) ?? []) {
        const key = originKey(leg, recording);
        const origin = frame.dueAtMs - positionMs;
        push(all, key, origin);
        if (frame.sentAtMs < firstDisturbance) push(steady, key, origin);
      }
    }
  }
  return new Map([...all].map(([key, values]) => [key, median(steady.get(key) ?? values)]));
}

/** Returns where a frame may be cut: silences begin or end, or two sessions are briefly mixed. */
function edgesOf(leg: Leg, { legs, silences }: CallEvidence): number[] {
  const sessions = legs
    .filter((other) => other !== leg && other.party === leg.party)
    .flatMap(({ frames }) => [frames[0]?.sentAtMs, frames.at(-1)?.sentAtMs])
    .filter((at) => at !== undefined);
  const commands = silences.flatMap((silence) => [
    silence.requestedAt - silence.lookbackMs,
    silence.requestedAt,
    silence.answeredAt,
    silence.startRequestedAt,
    silence.startAnsweredAt,
  ]);
  return [...sessions, ...commands];
}

function isNear(atMs: number, edges: readonly number[]): boolean {
  return edges.some((edge) => Math.abs(edge - atMs) <= EDGE_MS);
}

function isUnsettled(atMs: number, disturbed: readonly number[]): boolean {
  return disturbed.some((at) => atMs >= at - FRAME_MS && atMs <= at + SETTLING_MS);
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
