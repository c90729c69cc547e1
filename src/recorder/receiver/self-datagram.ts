import { timingSafeEqual } from 'node:crypto';

/**
 * The datagram that a `dgram` socket sends to itself: the queue is first in, first out, so that it
 * divides what reached the host before from what comes after. Nobody who does not know the thread's
 * secret can make one, and it never leaves the host.
 *
 *   0  secret (16 bytes)   16  number (u32)
 *
 * Its first two bits are 01, those of an RTP packet are 10.
 */
export const SECRET_BYTES = 16;
const DATAGRAM_BYTES = SECRET_BYTES + 4;

/** Makes a random secret one that starts no RTP packet. */
export function selfSecret(random: Buffer): Buffer {
  const secret = Buffer.from(random.subarray(0, SECRET_BYTES));
  secret[0] = ((secret[0] as number) & 0x3f) | 0x40;
  return secret;
}

/** @param number 0 to 2^32-1 */
export function buildSelfDatagram(secret: Buffer, number: number): Buffer {
  const datagram = Buffer.alloc(DATAGRAM_BYTES);
  secret.copy(datagram);
  datagram.writeUInt32BE(number, SECRET_BYTES);
  return datagram;
}

/** Returns its number; undefined for any other datagram. */
export function parseSelfDatagram(secret: Buffer, datagram: Buffer): number | undefined {
  if (datagram.length !== DATAGRAM_BYTES || ((datagram[0] as number) & 0xc0) !== 0x40) return;
  if (!timingSafeEqual(datagram.subarray(0, SECRET_BYTES), secret)) return undefined;
  return datagram.readUInt32BE(SECRET_BYTES);
}
