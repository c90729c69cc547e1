import { describe, expect, it, test } from 'vitest';
import {
  withoutCardNumbers,
  withoutCardNumbersInJson,
  withoutCardNumbersInUri,
} from '../../src/domain/card-numbers.ts';

describe('withoutCardNumbers', () => {
  it.each([
    ['4929421234600821', '(card number)'],
    ['sip:4929421234600821@x', 'sip:(card number)@x'],
    ['pan 4929 4212 3460 0821 exp', 'pan (card number) exp'],
    ['4929-4212-3460-0821', '(card number)'],
    ['378282246310005', '(card number)'],
    ['4929 4212 3460 0821 12 27', '(card number) 12 27'],
    ['12/27 4929.4212.3460.0821', '12/27 (card number)'],
    ['4929/4212/3460/0821,123', '(card number),123'],
    ['4929  4212 – 3460 0821', '(card number)'],
    ['4929421234600821 4111111111111111', '(card number) (card number)'],
    ['UCC4929421234600821', 'UCC(card number)'],
    ['5018 0000 0009', '5018 0000 0009'],
    ['6304000000000000', '(card number)'],
  ])('leaves none in %s', (text, left) => {
    expect(withoutCardNumbers(text)).toBe(left);
  });

  it.each([
    'ucc-demo-name',
    'tel:+31880000000',
    'tel:+4929421234600821',
    '4929421234600822',
    '00000000-0000-4000-8000-000000000000',
    'of 49294212-3460-4821-4929-421234600821 and more',
    '49294212346008214929421234600821',
    'recordings/49294212-3460-0821-0000-000000000000.wav',
    'page-1764455000000',
    '2026-11-29 22:40:00.123',
    '0031 880 000 0000 3',
    '49294212346008214929421234600821',
    '123456789012',
  ])('leaves %s as it is', (text) => {
    expect(withoutCardNumbers(text)).toBe(text);
  });
});

describe('withoutCardNumbersInUri', () => {
  it.each([
    ['sip:4929421234600821@host', 'sip:card-number@host'],
    ['tel:6304000000000000', 'tel:card-number'],
    ['sip:4929-4212-3460-0821@host', 'sip:card-number@host'],
  ])('leaves none in %s', (uri, left) => {
    expect(withoutCardNumbersInUri(uri)).toBe(left);
  });

  it.each([
    'tel:+31880000000',
    'sip:+378282246310005@host',
    'sip:378282246310005@host;user=phone',
    'tel:0031-88-000-0000',
    'sip:4929421234600822@host',
    'sip:agent@domain.com',
  ])('leaves %s, by which a party is found', (uri) => {
    expect(withoutCardNumbersInUri(uri)).toBe(uri);
  });
});

test('a line of JSON stays one', () => {
  const line = JSON.stringify({ time: 4929421234600821, msg: 'say "4929421234600821"', n: [1] });
  expect(JSON.parse(withoutCardNumbersInJson(line))).toEqual({
    ...{ time: 4929421234600821, msg: 'say "(card number)"', n: [1] },
  });
});
