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
])('%s', (text, expected) => {
  expect(guidFromSessionId(text)).toBe(expected);
});

test('and back', () => {
  expect(sessionIdFromGuid(guid)).toBe('ABEiM0RVZneImaq7zN3u/w==');
  expect(sessionIdFromGuid('nothing')).toBeUndefined();
});
