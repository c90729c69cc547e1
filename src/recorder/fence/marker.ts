import { timingSafeEqual } from 'node:crypto';
import { type ClosingReason, codeOf, reasonOf } from './gate-table.ts';

/**
 * The fence's marker datagram. It is sent to a stream's own socket, whose queue is first in, first
 * out, so that it divides what reached the host before the command from what came after it. Nobody
 * who does not know the process's secret can make one, and it never leaves the host.
 *
 *   0  secret (16 bytes)   16  order (u32)   20  action (u8)   21  reason (u8)   22  unused (u16)
 *   24  at (f64), on the clock of `monotonicMs`. Of a Shut: what arrived from then on is erased.
 *       Of an Open or a Release: when it was asked for.
 *
 * Its first two bits are 01, those of an RTP packet are 10.
 */
export const MarkerAction = { Shut: 1, Open: 2, Hold: 3, Release: 4, Close: 5 } as const;
export type MarkerAction = (typeof MarkerAction)[keyof typeof MarkerAction];

export interface Marker {
  /** Order number of the gate (`GateTable`); 0 for the stream's own markers. */
  readonly order: number;
  readonly action: MarkerAction;
  readonly reason: ClosingReason;
  /** Monotonic ms */
  readonly atMs: number;
}

export const SECRET_BYTES = 16;
const MARKER_BYTES = SECRET_BYTES + 16;

/** Makes a random secret one that starts no RTP packet. */
export function markerSecret(random: Buffer): Buffer {
  const secret = Buffer.from(random.subarray(0, SECRET_BYTES));
  secret[0] = ((secret[0] as number) & 0x3f) | 0x40;
  return secret;
}

export function buildMarker(secret: Buffer, marker: Marker): Buffer {
  const datagram = Buffer.alloc(MARKER_BYTES);
  secret.copy(datagram);
  datagram.writeUInt32BE(marker.order, SECRET_BYTES);
  datagram[SECRET_BYTES + 4] = marker.action;
  datagram[SECRET_BYTES + 5] = codeOf(marker.reason);
  datagram.writeDoubleBE(marker.atMs, SECRET_BYTES + 8);
  return datagram;
}

export function parseMarker(secret: Buffer, datagram: Buffer): Marker | undefined {
  if (datagram.length !== MARKER_BYTES) return undefined;
  if (!timingSafeEqual(datagram.subarray(0, SECRET_BYTES), secret)) return undefined;
  return {
    order: datagram.readUInt32BE(SECRET_BYTES),
    action: datagram[SECRET_BYTES + 4] as MarkerAction,
    reason: reasonOf(datagram[SECRET_BYTES + 5] as number),
    atMs: datagram.readDoubleBE(SECRET_BYTES + 8),
  };
}
