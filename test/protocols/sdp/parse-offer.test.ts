import { describe, expect, test } from 'vitest';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';
import {
  MAX_SDP_CHARACTERS,
  MAX_SDP_LINES,
  MAX_SDP_MEDIA,
} from '../../../src/protocols/sdp/raw-media.ts';
import { SdpError } from '../../../src/protocols/sdp/types.ts';

const head = ['v=0', 'o=- 12 34 IN IP4 192.0.2.7', 's=-', 'c=IN IP4 192.0.2.7', 't=0 0'];

function sdp(...lines: string[]): string {
  return [...head, ...lines, ''].join('\r\n');
}

function lines(count: number): string[] {
  return Array.from({ length: count }, () => 'a=x');
}

function reasonOf(text: string): string {
  try {
    parseOffer(text);
  } catch (error) {
    if (error instanceof SdpError) return error.reason;
    throw error;
  }
  return 'accepted';
}

test('a recording offer of two labelled streams', () => {
  const offer = parseOffer(
    sdp(
      'm=audio 4000 RTP/AVP 0 8 101',
      'a=rtpmap:0 pcmu/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendonly',
      'a=label:007',
      'm=audio 4002 RTP/AVP 111',
      'c=IN IP4 192.0.2.8/127',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 useinbandfec=1',
      'a=sendonly',
      'a=label:1',
    ),
  );
  expect(offer.sessionVersion).toBe('34');
  expect(offer.media).toEqual([
    {
      index: 0,
      kind: 'audio',
      port: 4000,
      protocol: 'RTP/AVP',
      direction: 'sendonly',
      connectionAddress: '192.0.2.7',
      label: '007',
      formats: ['0', '8', '101'],
      payloads: [
        { payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1, fmtp: undefined },
        { payloadType: 8, encoding: 'PCMA', clockRate: 8000, channels: 1, fmtp: undefined },
        {
          payloadType: 101,
          encoding: 'TELEPHONE-EVENT',
          clockRate: 8000,
          channels: 1,
          fmtp: '0-15',
        },
      ],
      ptimeMs: 20,
      ...{ crypto: [], rtcpMux: false, rtcp: undefined },
    },
    {
      index: 1,
      kind: 'audio',
      port: 4002,
      protocol: 'RTP/AVP',
      direction: 'sendonly',
      connectionAddress: '192.0.2.8',
      label: '1',
      formats: ['111'],
      payloads: [
        {
          payloadType: 111,
          encoding: 'OPUS',
          clockRate: 48000,
          channels: 2,
          fmtp: 'useinbandfec=1',
        },
      ],
      ptimeMs: undefined,
      ...{ crypto: [], rtcpMux: false, rtcp: undefined },
    },
  ]);
});

describe('direction', () => {
  const audio = 'm=audio 4000 RTP/AVP 0';
  test.each([
    ['none said', [audio], 'sendrecv'],
    ['session level', ['a=inactive', audio], 'inactive'],
    ['media before session level', ['a=inactive', audio, 'a=sendonly'], 'sendonly'],
    ['null address, no attribute', [audio, 'c=IN IP4 0.0.0.0'], 'inactive'],
    ['null address, sendonly', [audio, 'c=IN IP4 0.0.0.0', 'a=sendonly'], 'inactive'],
    ['null IPv6 address', [audio, 'c=IN IP6 ::'], 'inactive'],
    [
      'own address over a null session',
      ['c=IN IP4 0.0.0.0', audio, 'c=IN IP4 192.0.2.9'],
      'sendrecv',
    ],
  ])('%s', (_name, lines, direction) => {
    expect(parseOffer(sdp(...lines)).media[0]?.direction).toBe(direction);
  });
});

test('static types need no rtpmap, and unknown dynamic types are ignored', () => {
  const [media] = parseOffer(sdp('m=audio 4000 RTP/AVP 0 8 9 96 200 x 0')).media;
  expect(media?.payloads.map((payload) => payload.encoding)).toEqual(['PCMU', 'PCMA', 'G722']);
  expect(media?.formats).toEqual(['0', '8', '9', '96', '200', 'x', '0']);
});

test('lines end in LF only, port counts and other kinds of media are read', () => {
  const text = sdp('m=audio 4000/2 RTP/AVP 0', 'a=label: 2 ', 'm=image 0 udptl t38');
  const { media } = parseOffer(text.replaceAll('\r\n', '\n'));
  expect(media.map((line) => [line.kind, line.port, line.protocol, line.label])).toEqual([
    ['audio', 4000, 'RTP/AVP', '2'],
    ['image', 0, 'udptl', undefined],
  ]);
});

test('the maximum of lines is read, with any line ends', () => {
  const most = sdp('m=audio 4000 RTP/AVP 0', ...lines(MAX_SDP_LINES - head.length - 1));
  for (const end of ['\r\n', '\n', '\r']) {
    expect(reasonOf(most.replaceAll('\r\n', end))).toBe('accepted');
    expect(reasonOf(most.trimEnd().replaceAll('\r\n', end))).toBe('accepted');
  }
});

test('a label loses invisible and reordering characters', () => {
  const { media } = parseOffer(
    sdp('m=audio 4000 RTP/AVP 0', 'a=label:\u202e1\u0007\u2066 2\u061c'),
  );
  expect(media[0]?.label).toBe('1 2');
});

test.each([
  ['', 'noMedia'],
  [sdp(), 'noMedia'],
  ['\u0000\u0001 no sdp at all', 'noMedia'],
  [sdp('m=audio'), 'malformed'],
  [sdp('m=audio 70000 RTP/AVP 0'), 'malformed'],
  [sdp('m=audio x RTP/AVP 0'), 'malformed'],
  [
    sdp(...Array.from({ length: MAX_SDP_MEDIA + 1 }, () => 'm=audio 4000 RTP/AVP 0')),
    'tooManyMedia',
  ],
  [sdp(`a=x:${'y'.repeat(5000)}`), 'tooLarge'],
  ['x\n'.repeat(MAX_SDP_CHARACTERS), 'tooLarge'],
  [sdp('m=audio 4000 RTP/AVP 0', ...lines(MAX_SDP_LINES - head.length)), 'tooManyLines'],
  [sdp(...lines(10_000)).replaceAll('\r\n', '\n'), 'tooManyLines'],
  [sdp(...lines(10_000)).replaceAll('\r\n', '\r'), 'tooManyLines'],
])('refused with a reason (%#)', (text, reason) => {
  expect(reasonOf(text)).toBe(reason);
});

test('an offer cut anywhere is read or refused, never anything else', () => {
  const text = sdp('m=audio 4000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000', 'a=label:1');
  for (let length = 0; length < text.length; length += 1) {
    expect(['accepted', 'noMedia', 'malformed']).toContain(reasonOf(text.slice(0, length)));
  }
});

describe('keys and control packets', () => {
  const key = Buffer.alloc(30, 7).toString('base64');
  const offerOf = (...attributes: string[]) =>
    parseOffer(sdp('m=audio 4000 RTP/SAVP 0', ...attributes)).media[0];

  test('a key with a lifetime and optional parameters is read', () => {
    const line = offerOf(
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}|2^31`,
      `a=crypto:2 aes_cm_128_hmac_sha1_32 inline:${key} WSH=128 -X=1`,
    );
    expect(line?.crypto).toEqual([
      { tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80', key: Buffer.alloc(30, 7) },
      { tag: 2, suite: 'AES_CM_128_HMAC_SHA1_32', key: Buffer.alloc(30, 7) },
    ]);
  });

  test.each([
    ['a master key identifier', `inline:${key}|2^31|1:4`],
    ['several keys', `inline:${key};inline:${key}`],
    ['another method', `uri:${key}`],
    ['packets without encryption', `inline:${key} UNENCRYPTED_SRTP`],
    ['keys derived anew', `inline:${key} KDR=3`],
    ['no key', 'inline:'],
  ])('%s is left out', (_, parameters) => {
    expect(offerOf(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${parameters}`)?.crypto).toEqual([]);
  });

  test('the address for control packets is read', () => {
    expect(offerOf('a=rtcp:53020 IN IP4 192.0.2.9')?.rtcp).toEqual({
      ...{ port: 53_020, address: '192.0.2.9' },
    });
    expect(offerOf('a=rtcp:53020')?.rtcp).toEqual({ port: 53_020, address: undefined });
    expect(offerOf('a=rtcp:0')?.rtcp).toBeUndefined();
    expect(offerOf('a=rtcp:5000 IN IP4 sbc.example')?.rtcp?.address).toBeUndefined();
    expect(offerOf('a=rtcp-mux')?.rtcpMux).toBe(true);
  });
});

test('ten times as many lines take no more than ten times as long, about', () => {
  const text = (count: number) =>
    sdp(
      `m=audio 4000 RTP/AVP ${Array.from({ length: 128 }, (_, type) => type).join(' ')}`,
      ...Array.from({ length: count }, (_, line) => `a=fmtp:${line % 128} x`),
    );
  const cost = (count: number): number => {
    const begun = performance.now();
    for (let round = 0; round < 40; round += 1) parseOffer(text(count));
    return performance.now() - begun;
  };
  cost(900);
  // What grows with the square would cost a hundred times as much.
  expect(cost(900)).toBeLessThan(50 * cost(90));
});
