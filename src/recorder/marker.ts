import { timingSafeEqual } from 'node:crypto';
import { type ClosingReason, codeOf, reasonOf } from './gate-table.ts';

/**
 * The fence's marker datagram. It is sent to a stream's own socket, whose queue is first in, first
 * out, so that it divides what reached the host before the command from what came after it. Nobody
 * who does not know the process's secret can make one, and it never leaves the host.
 *
 *   0  secret (16 bytes)   16  fence id (u32)   20  action (u8)   21  reason (u8)
 *   22  look-back in ms (u16): how much of what is held back a Shut erases
 *
 * Its first two bits are 01, those of an RTP packet are 10.
 */
export const MarkerAction = { Shut: 1, Open: 2, Hold: 3, Release: 4, Close: 5 } as const;
export type MarkerAction = (typeof MarkerAction)[keyof typeof MarkerAction];

export interface Marker {
  readonly fenceId: number;
  readonly action: MarkerAction;
  readonly reason: ClosingReason;
  readonly lookbackMs: number;
}

export const SECRET_BYTES = 16;
const MARKER_BYTES = SECRET_BYTES + 8;

/** Makes a random secret one that starts no RTP packet. */
export function markerSecret(random: Buffer): Buffer {
  const secret = Buffer.from(random.subarray(0, SECRET_BYTES));
  secret[0] = ((secret[0] as number) & 0x3f) | 0x40;
  return secret;
}

export function buildMarker(secret: Buffer, marker: Marker): Buffer {
  const datagram = Buffer.alloc(MARKER_BYTES);
  secret.copy(datagram);
  datagram.writeUInt32BE(marker.fenceId, SECRET_BYTES);
  datagram[SECRET_BYTES + 4] = marker.action;
  datagram[SECRET_BYTES + 5] = codeOf(marker.reason);
  datagram.writeUInt16BE(marker.lookbackMs, SECRET_BYTES + 6);
  return datagram;
}

export function parseMarker(secret: Buffer, datagram: Buffer): Marker | undefined {
  if (datagram.length !== MARKER_BYTES) return undefined;
  if (!timingSafeEqual(datagram.subarray(0, SECRET_BYTES), secret)) return undefined;
  return {
    fenceId: datagram.readUInt32BE(SECRET_BYTES),
    action: datagram[SECRET_BYTES + 4] as MarkerAction,
    reason: reasonOf(datagram[SECRET_BYTES + 5] as number),
    lookbackMs: datagram.readUInt16BE(SECRET_BYTES + 6),
  };
}
