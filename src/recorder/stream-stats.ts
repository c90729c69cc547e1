import type { PacketCounts } from '../domain/model/track.ts';
import type { StreamStats } from '../domain/ports/recorder.ts';

/** The call's slot, the track, jitter in ms, the last packet of audio; then the counts. */
const LEADING_FIELDS = 4;
const FIELDS = LEADING_FIELDS + 13;

/** A stream's statistics as known to its own thread. */
export interface StreamReading {
  readonly slot: number;
  readonly track: number;
  readonly jitterMs: number;
  /** Unix ms; 0 before the first packet of audio. */
  readonly lastPacketAt: number;
  readonly packets: PacketCounts;
}

/** Packs all readings of a thread into one row of numbers, which is transferred, not copied. */
export function packStats(readings: readonly StreamReading[]): Float64Array<ArrayBuffer> {
  const packed = new Float64Array(readings.length * FIELDS);
  let at = 0;
  for (const { slot, track, jitterMs, lastPacketAt, packets } of readings) {
    packed[at] = slot;
    packed[at + 1] = track;
    packed[at + 2] = jitterMs;
    packed[at + 3] = lastPacketAt;
    packCounts(packed, at + LEADING_FIELDS, packets);
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
    stats.push({
      callId,
      track: packed[at + 1] as number,
      packets: unpackCounts(packed, at + LEADING_FIELDS),
      jitterMs: packed[at + 2] as number,
      lastPacketAt: packed[at + 3] || null,
    });
  }
  return stats;
}

/** Writes the counts name by name: a loop costs a stream 40 us a second (docs/decisions/0013). */
function packCounts(packed: Float64Array, at: number, packets: PacketCounts): void {
  packed[at] = packets.received;
  packed[at + 1] = packets.kept;
  packed[at + 2] = packets.gated;
  packed[at + 3] = packets.duplicate;
  packed[at + 4] = packets.dtmf;
  packed[at + 5] = packets.comfortNoise;
  packed[at + 6] = packets.lost;
  packed[at + 7] = packets.reordered;
  packed[at + 8] = packets.unauthenticated;
  packed[at + 9] = packets.unusable;
  packed[at + 10] = packets.erased;
  packed[at + 11] = packets.foreign;
  packed[at + 12] = packets.overflowed;
}

function unpackCounts(packed: Float64Array, at: number): PacketCounts {
  const count = (index: number): number => packed[at + index] as number;
  return {
    received: count(0),
    kept: count(1),
    gated: count(2),
    duplicate: count(3),
    dtmf: count(4),
    comfortNoise: count(5),
    lost: count(6),
    reordered: count(7),
    unauthenticated: count(8),
    unusable: count(9),
    erased: count(10),
    foreign: count(11),
    overflowed: count(12),
  };
}
