import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyRtpPacket, parseRtp } from '../../../src/protocols/rtp/packet.ts';
import {
  buildMarker,
  MarkerAction,
  markerSecret,
  parseMarker,
  SECRET_BYTES,
} from '../../../src/recorder/fence/marker.ts';

const secret = markerSecret(randomBytes(SECRET_BYTES));
const marker = {
  order: 2 ** 32 - 1,
  action: MarkerAction.Shut,
  reason: 'api',
  atMs: 12.5,
} as const;

describe('marker datagram', () => {
  it('comes back as it was built, for every action', () => {
    for (const action of Object.values(MarkerAction)) {
      const built = { ...marker, action };
      expect(parseMarker(secret, buildMarker(secret, built))).toEqual(built);
    }
  });

  it('is never taken for RTP, whatever the random secret', () => {
    for (let count = 0; count < 500; count += 1) {
      const other = markerSecret(randomBytes(SECRET_BYTES));
      const datagram = buildMarker(other, marker);
      expect((datagram[0] ?? 0) & 0xc0).toBe(0x40);
      expect(parseRtp(datagram, emptyRtpPacket())).toBe(false);
    }
  });

  it('is ignored when one bit of the secret is another', () => {
    const datagram = buildMarker(secret, marker);
    for (let bit = 0; bit < SECRET_BYTES * 8; bit += 1) {
      const forged = Buffer.from(datagram);
      const at = bit >> 3;
      forged[at] = (forged[at] as number) ^ (1 << (bit & 7));
      expect(parseMarker(secret, forged)).toBeUndefined();
    }
  });

  it.each([0, 1, SECRET_BYTES, 23, 31, 33, 1500])('is ignored with %i bytes', (length) => {
    const datagram = Buffer.concat([buildMarker(secret, marker), Buffer.alloc(2000)]);
    expect(parseMarker(secret, datagram.subarray(0, length))).toBeUndefined();
  });
});
