import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HmacSha1 } from '../../../src/protocols/srtp/hmac-sha1.ts';
import {
  SRTP_MALFORMED,
  SRTP_REPLAYED,
  SRTP_WRONG_TAG,
  SrtpReceiver,
} from '../../../src/protocols/srtp/receiver.ts';
import { MAX_SRTP_SOURCES } from '../../../src/protocols/srtp/recent-sources.ts';
import { REPLAY_WINDOW_PACKETS } from '../../../src/protocols/srtp/replay-window.ts';
import { SrtpSender } from '../../../src/protocols/srtp/sender.ts';
import { SrtcpReceiver, SrtcpSender } from '../../../src/protocols/srtp/srtcp.ts';
import { type SrtpSuite, srtpSuites } from '../../../src/protocols/srtp/suites.ts';

const suites = Object.keys(srtpSuites) as SrtpSuite[];

function masterOf(suite: SrtpSuite): Buffer {
  const { keyBytes, saltBytes } = srtpSuites[suite];
  return Buffer.from(Array.from({ length: keyBytes + saltBytes }, (_, at) => at * 7 + 1));
}

function rtp(sequence: number, payload: Uint8Array = Buffer.from('quiet'), ssrc = 0xdecafbad) {
  const header = Buffer.from('800000000000000000000000', 'hex');
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

function opened(receiver: SrtpReceiver, datagram: Buffer): Buffer | number {
  const copy = Buffer.from(datagram);
  const length = receiver.unprotect(copy);
  return length < 0 ? length : copy.subarray(0, length);
}

test('HMAC over preallocated blocks is the HMAC of the crypto library', () => {
  const suffix = Buffer.from('00000007', 'hex');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 300 }),
      (key, data) => {
        const message = Buffer.from(data);
        const oracle = createHmac('sha1', key).update(message).update(suffix).digest();
        expect(Buffer.from(new HmacSha1(key).digest(message, message.length, 7))).toEqual(oracle);
      },
    ),
  );
});

test('a key and salt of another length are refused', () => {
  for (const suite of suites) {
    const short = masterOf(suite).subarray(1);
    expect(() => new SrtpReceiver(suite, short)).toThrow(RangeError);
    expect(() => new SrtcpReceiver(suite, short)).toThrow(RangeError);
  }
});

describe.each(suites)('%s', (suite) => {
  const master = masterOf(suite);

  test('any protected packet is read again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1400 }), fc.nat(65_535), (payload, sequence) => {
        const packet = rtp(sequence, payload);
        const sent = new SrtpSender(suite, master).protect(packet);
        expect(sent.length).toBe(packet.length + srtpSuites[suite].tagBytes);
        expect(opened(new SrtpReceiver(suite, master), sent)).toEqual(packet);
      }),
    );
  });

  test('a flipped bit anywhere is refused, and changes nothing', () => {
    const sent = new SrtpSender(suite, master).protect(rtp(9));
    const receiver = new SrtpReceiver(suite, master);
    for (let bit = 0; bit < sent.length * 8; bit++) {
      const forged = Buffer.from(sent);
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      const before = Buffer.from(forged);
      expect(receiver.unprotect(forged)).toBeLessThan(0);
      expect(forged).toEqual(before);
    }
    expect(opened(receiver, sent)).toEqual(rtp(9));
  });

  test('a truncated packet is refused, and garbage never throws', () => {
    const sent = new SrtpSender(suite, master).protect(rtp(9));
    const receiver = new SrtpReceiver(suite, master, { resumed: true });
    for (let length = 0; length < sent.length; length++) {
      expect(opened(receiver, sent.subarray(0, length))).toBeOneOf([
        SRTP_MALFORMED,
        SRTP_WRONG_TAG,
      ]);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
        expect(receiver.unprotect(Buffer.from(garbage))).toBeLessThan(0);
        expect(new SrtcpReceiver(suite, master).unprotect(Buffer.from(garbage))).toBeUndefined();
      }),
    );
  });

  test('a replayed packet is refused, a late one within the window is not', () => {
    const sender = new SrtpSender(suite, master);
    const sent = Array.from({ length: 200 }, (_, at) => sender.protect(rtp(at)));
    const receiver = new SrtpReceiver(suite, master);
    const late = 199 - REPLAY_WINDOW_PACKETS + 1;
    for (const at of [0, 1, 199]) expect(opened(receiver, sent[at] as Buffer)).toEqual(rtp(at));
    for (const at of [0, 199, late - 1]) {
      expect(opened(receiver, sent[at] as Buffer)).toBe(SRTP_REPLAYED);
    }
    expect(opened(receiver, sent[late] as Buffer)).toEqual(rtp(late));
    expect(opened(receiver, sent[late] as Buffer)).toBe(SRTP_REPLAYED);
  });

  test('the rollover is followed through loss and disorder around it', () => {
    const sender = new SrtpSender(suite, master);
    const numbers = [
      65_000, 65_530, 65_533, 65_535, 65_536, 65_540, 90_000, 120_000, 131_071, 131_080,
    ];
    const sent = new Map(numbers.map((at) => [at, sender.protect(rtp(at))]));
    const receiver = new SrtpReceiver(suite, master);
    for (const at of [
      65_000, 65_533, 65_540, 65_535, 65_530, 65_536, 90_000, 120_000, 131_080, 131_071,
    ]) {
      expect(opened(receiver, sent.get(at) as Buffer)).toEqual(rtp(at));
    }
  });

  test('a resumed receiver finds the rollover counter, another one does not', () => {
    const sender = new SrtpSender(suite, master);
    for (let at = 0; at < 3 * 65_536; at += 30_000) sender.protect(rtp(at));
    const sent = [200_000, 200_001].map((at) => sender.protect(rtp(at)));
    const resumed = new SrtpReceiver(suite, master, { resumed: true });
    expect(sent.map((datagram) => opened(resumed, datagram))).toEqual([rtp(200_000), rtp(200_001)]);
    expect(opened(resumed, sent[0] as Buffer)).toBe(SRTP_REPLAYED);
    expect(opened(new SrtpReceiver(suite, master), sent[0] as Buffer)).toBe(SRTP_WRONG_TAG);
  });

  test('the least recently used of too many sources is forgotten, a forged one never kept', () => {
    const receiver = new SrtpReceiver(suite, master);
    const sent = Array.from({ length: MAX_SRTP_SOURCES + 1 }, (_, ssrc) =>
      new SrtpSender(suite, master).protect(rtp(1, undefined, ssrc)),
    );
    const [first, second] = sent as [Buffer, Buffer];
    for (const datagram of sent.slice(0, -1)) receiver.unprotect(Buffer.from(datagram));
    const forged = Buffer.from(sent.at(-1) as Buffer);
    for (let ssrc = 100; ssrc < 200; ssrc++) {
      forged.writeUInt32BE(ssrc, 8);
      expect(receiver.unprotect(forged)).toBe(SRTP_WRONG_TAG);
    }
    expect(opened(receiver, first)).toBe(SRTP_REPLAYED);
    receiver.unprotect(Buffer.from(sent.at(-1) as Buffer));
    expect(opened(receiver, second)).toBe(SRTP_REPLAYED);
    expect(opened(receiver, first)).toEqual(rtp(1, undefined, 0));
  });

  test('SRTCP is read once, and not with a flipped bit', () => {
    const packet = Buffer.from(
      '81c90007decafbad00000001000000020000000300000004000000050000',
      'hex',
    );
    const sender = new SrtcpSender(suite, master);
    const receiver = new SrtcpReceiver(suite, master);
    const sent = [sender.protect(packet), sender.protect(packet)] as const;
    expect(sent[0].length).toBe(packet.length + 4 + srtpSuites[suite].srtcpTagBytes);
    for (let bit = 0; bit < sent[0].length * 8; bit++) {
      const forged = Buffer.from(sent[0]);
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(receiver.unprotect(forged)).toBeUndefined();
    }
    for (const datagram of [sent[1], sent[0]]) {
      expect(receiver.unprotect(Buffer.from(datagram))).toEqual(packet);
      expect(receiver.unprotect(Buffer.from(datagram))).toBeUndefined();
    }
  });
});
