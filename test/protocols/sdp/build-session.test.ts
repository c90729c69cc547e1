import { expect, test } from 'vitest';
import { buildAnswer, buildOffer } from '../../../src/protocols/sdp/build-session.ts';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';

const pcmu = { payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1, fmtp: undefined };
const opus = {
  payloadType: 111,
  encoding: 'OPUS',
  clockRate: 48000,
  channels: 2,
  fmtp: 'stereo=1',
};
const own = { address: '192.0.2.20', sessionId: '98765432109876543210', sessionVersion: 3 };

const offer = parseOffer(
  [
    'v=0',
    'o=- 1 1 IN IP4 192.0.2.7',
    's=-',
    'c=IN IP4 192.0.2.7',
    't=0 0',
    'm=audio 4000 RTP/AVP 8 0 101',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=sendonly',
    'a=label:007',
    'm=image 4002 udptl t38',
    'm=audio 4004 RTP/AVP 0',
    'a=label:1',
    '',
  ].join('\r\n'),
);

test('an answer has the offer’s m-lines in order, labels repeated, the rest refused', () => {
  const answer = buildAnswer({
    ...own,
    offer,
    media: [
      { index: 2, port: 5002, payloadTypes: [0], direction: 'inactive' },
      { index: 0, port: 5000, payloadTypes: [8, 101], direction: 'recvonly' },
    ],
  });
  expect(answer.split('\r\n')).toEqual([
    'v=0',
    'o=- 98765432109876543210 3 IN IP4 192.0.2.20',
    's=-',
    'c=IN IP4 192.0.2.20',
    't=0 0',
    'm=audio 5000 RTP/AVP 8 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=recvonly',
    'a=label:007',
    'm=image 0 udptl t38',
    'm=audio 5002 RTP/AVP 0',
    'a=rtpmap:0 PCMU/8000',
    'a=inactive',
    'a=label:1',
    '',
  ]);
});

test('an m-line without an offered codec, or left out, is refused', () => {
  const media = [{ index: 0, port: 5000, payloadTypes: [9], direction: 'recvonly' as const }];
  const answer = parseOffer(buildAnswer({ ...own, offer, media }));
  expect(answer.media.map((line) => line.port)).toEqual([0, 0, 0]);
  expect(answer.media[0]?.formats).toEqual(['8', '0', '101']);
});

test('an offer reads back as it was meant, IPv6 too', () => {
  const text = buildOffer({
    ...own,
    address: '2001:db8::1',
    media: [
      { port: 4000, label: '007', payloads: [pcmu], direction: 'sendonly' },
      { port: 4002, label: '1', payloads: [opus], direction: 'sendonly' },
    ],
  });
  expect(text).toContain('c=IN IP6 2001:db8::1\r\n');
  const { media } = parseOffer(text);
  expect(media.map((line) => [line.label, line.direction, line.connectionAddress])).toEqual([
    ['007', 'sendonly', '2001:db8::1'],
    ['1', 'sendonly', '2001:db8::1'],
  ]);
  expect(media.map((line) => line.payloads)).toEqual([[pcmu], [opus]]);
});

test('an m-line without direction', () => {
  const media = [{ port: 4000, label: '1', payloads: [pcmu] }];
  const text = buildOffer({ ...own, address: '0.0.0.0', media });
  expect(text).not.toMatch(/a=(sendrecv|sendonly|recvonly|inactive)/);
  expect(parseOffer(text).media[0]?.direction).toBe('inactive');
});
