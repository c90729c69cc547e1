import { expect, test } from 'vitest';
import { guidFromSessionId, sessionIdFromGuid } from '../../../src/protocols/siprec/session-id.ts';

const guid = '00112233-4455-6677-8899-aabbccddeeff';

test.each([
  ['ABEiM0RVZneImaq7zN3u/w==', guid],
  ['ABEiM0RVZneImaq7zN3u/w', guid],
  ['ABEiM0RVZneImaq7zN3u_w', guid],
  [' 00112233-4455-6677-8899-AABBCCDDEEFF ', guid],
  ['00112233445566778899aabbccddeeff', guid],
  [`{${guid}}`, guid],
  [`urn:uuid:${guid}`, guid],
  ['', undefined],
  ['ABEiM0RVZneImaq7zN3u', undefined],
  ['ABEiM0RVZneImaq7zN3u/wAA', undefined],
  ['0011-22334455-6677-8899-aabbccddeeff', undefined],
  ['session-123', undefined],
  ['ABEiM0RVZneImaq7zN3u/x==', undefined],
  ['ABEiM0RVZneImaq7zN3u/x', undefined],
  ['ABEiM0RVZneI+aq7zN3u_w==', undefined],
  ['AAAAAAAAAAAAAAAAAAAAAA==', '00000000-0000-0000-0000-000000000000'],
  ['AAAAAAAAAAAAAAAAAAAAAA', undefined],
  ['MTQ3YzA3YzEtNjdkNy0xMA==', '31343763-3037-6331-2d36-3764372d3130'],
  ['MTQ3YzA3YzEtNjdkNy0xMA', undefined],
  ['00FA080001000758A20EF0', undefined],
  ['call-20261129-0000000A', undefined],
])('%s', (text, expected) => {
  expect(guidFromSessionId(text)).toBe(expected);
});

test('a GUID converts back to a session id', () => {
  expect(sessionIdFromGuid(guid)).toBe('ABEiM0RVZneImaq7zN3u/w==');
  expect(sessionIdFromGuid('nothing')).toBeUndefined();
});

test('no two texts of 22 characters are one GUID', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_';
  for (const start of ['ABEiM0RVZneImaq7zN3u/', 'call-20261129-0000000', '00FA080001000758A20EF']) {
    for (const padding of ['', '==']) {
      const guids = [...alphabet]
        .map((last) => guidFromSessionId(`${start}${last}${padding}`))
        .filter((one) => one !== undefined);
      expect(new Set(guids).size).toBe(guids.length);
      expect(guids.length).toBeLessThanOrEqual(4);
    }
  }
});
