import type { StreamStats } from '../domain/ports.ts';
import type { PacketCounts } from '../domain/records.ts';

const counts: readonly (keyof PacketCounts)[] = [
  ...(['received', 'kept', 'gated', 'duplicate', 'dtmf', 'comfortNoise'] as const),
  ...(['lost', 'reordered', 'unauthenticated', 'unusable', 'erased'] as const),
];
/** The call's slot, the track, jitter in ms, the last packet of audio, and the counts. */
const FIELDS = 4 + counts.length;

/** How a stream fares, as its own thread knows it. */
export interface StreamReading {
  readonly slot: number;
  readonly track: number;
  readonly jitterMs: number;
  /** Unix ms; 0 before the first packet of audio. */
  readonly lastPacketAt: number;
  readonly packets: PacketCounts;
}

/** All readings of a thread as one row of numbers: it is handed over, not copied. */
export function packStats(readings: readonly StreamReading[]): Float64Array<ArrayBuffer> {
  const packed = new Float64Array(readings.length * FIELDS);
  let at = 0;
  for (const { slot, track, jitterMs, lastPacketAt, packets } of readings) {
    packed[at] = slot;
    packed[at + 1] = track;
    packed[at + 2] = jitterMs;
    packed[at + 3] = lastPacketAt;
    for (const [index, count] of counts.entries()) packed[at + 4 + index] = packets[count];
    at += FIELDS;
  }
  return packed;
}

/** @param callIdOf undefined for a call that ended meanwhile */
export function unpackStats(
  packed: Float64Array,
  callIdOf: (slot: number) => string | undefined,
): StreamStats[] {
  const stats: StreamStats[] = [];
  for (let at = 0; at < packed.length; at += FIELDS) {
    const callId = callIdOf(packed[at] as number);
    if (callId === undefined) continue;
    const entries = counts.map((count, index) => [count, packed[at + 4 + index]]);
    stats.push({
      callId,
      track: packed[at + 1] as number,
      packets: Object.fromEntries(entries) as PacketCounts,
      jitterMs: packed[at + 2] as number,
      lastPacketAt: packed[at + 3] || null,
    });
  }
  return stats;
}
