import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyRtpPacket, parseRtp } from '../../../src/protocols/rtp/packet.ts';
import {
  buildSelfDatagram,
  parseSelfDatagram,
  SECRET_BYTES,
  selfSecret,
} from '../../../src/recorder/receiver/self-datagram.ts';

const secret = selfSecret(randomBytes(SECRET_BYTES));

describe('the datagram that a socket sends to itself', () => {
  it('comes back with its number', () => {
    for (const number of [0, 1, 2 ** 32 - 1]) {
      expect(parseSelfDatagram(secret, buildSelfDatagram(secret, number))).toBe(number);
    }
  });

  it('is never taken for RTP, whatever the random secret', () => {
    for (let count = 0; count < 500; count += 1) {
      const other = selfSecret(randomBytes(SECRET_BYTES));
      const datagram = buildSelfDatagram(other, 1);
      expect((datagram[0] ?? 0) & 0xc0).toBe(0x40);
      expect(parseRtp(datagram, emptyRtpPacket())).toBe(false);
    }
  });

  it('is ignored when one bit of the secret is another', () => {
    const datagram = buildSelfDatagram(secret, 1);
    for (let bit = 0; bit < SECRET_BYTES * 8; bit += 1) {
      const forged = Buffer.from(datagram);
      const at = bit >> 3;
      forged[at] = (forged[at] as number) ^ (1 << (bit & 7));
      expect(parseSelfDatagram(secret, forged)).toBeUndefined();
    }
  });

  it.each([0, 1, SECRET_BYTES, 19, 21, 1500])('is ignored with %i bytes', (length) => {
    const datagram = Buffer.concat([buildSelfDatagram(secret, 1), Buffer.alloc(2000)]);
    expect(parseSelfDatagram(secret, datagram.subarray(0, length))).toBeUndefined();
  });
});
