import { describe, expect, it, test } from 'vitest';
import { checkUser, PersonSettingsError } from '../../../src/domain/access/account-service.ts';
import {
  withoutCardNumbers,
  withoutCardNumbersInJson,
  withoutCardNumbersInUri,
} from '../../../src/domain/redaction/card-numbers.ts';
import { cleanText, cleanUri } from '../../../src/domain/redaction/client-text.ts';

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
    'tel:+378282246310005',
    '4929421234600822',
    '00000000-0000-4000-8000-000000000000',
    'of 49294212-3460-4821-4929-421234600821 and more',
    'recordings/49294212-3460-0821-0000-000000000000.wav',
    'page-1764455000000',
    '2026-11-29 22:40:00.123',
    '0031 880 000 0000 3',
    '123456789012',
    'page-1764455000000-4053',
    'a4929421-3460-4821-9001-264884190000',
    'b1946ac92492d2347c6235b4d2611184',
  ])('leaves %s unchanged', (text) => {
    expect(withoutCardNumbers(text)).toBe(text);
  });
});

const pan = '4053900126488419';
const quarters = ['4053', '9001', '2648', '8419'];

describe('a card number is found', () => {
  const between = [
    ...['+', '%20', ':', '|', '*', '=', "'", ' x ', ')(', '"] ["', '    ', '\t', '\r\n', '\\'],
    ...['\u200b', '\0', '\ufffd', '\u202f', '\u2009', '·', '•', '\u2212', '\u{e0041}'],
    ...['&nbsp;', '&#160;', '%2520', '%e2%80%8b', '\\u200b', '\u200b'.repeat(40), '@', ';x='],
  ];
  it.each(between)('with %j between its groups, and between its digits', (gap) => {
    expect(withoutCardNumbers(`a ${quarters.join(gap)} b`)).toBe('a (card number) b');
    expect(withoutCardNumbers(`a ${[...pan].join(gap)} b`)).toBe('a (card number) b');
  });

  const written = (of: (digit: string) => string) => [...pan].map(of).join('');
  it.each([
    ['fullwidth', written((one) => String.fromCodePoint(0xff10 + Number(one)))],
    ['Arabic', written((one) => String.fromCodePoint(0x660 + Number(one)))],
    ['mathematical', written((one) => String.fromCodePoint(0x1d7ce + Number(one)))],
    ['percent escapes', written((one) => `%3${one}`)],
    ['escaped percent escapes', written((one) => `%253${one}`)],
    [
      'escaped fullwidth',
      encodeURIComponent(written((one) => String.fromCodePoint(0xff10 + +one))),
    ],
    ['JSON', written((one) => `\\u003${one}`)],
    ['HTML', written((one) => `&#x3${one};`)],
  ])('in %s digits', (_, text) => {
    expect(withoutCardNumbers(`a ${text} b`)).toBe('a (card number) b');
  });

  it.each([
    [`+${pan}`, '+(card number)'],
    [`0${pan}`, '0(card number)'],
    [`00${pan}`, '00(card number)'],
    [`${pan}1227123`, '(card number)'],
    [`${pan}${pan}`, '(card number)'],
    [`a${pan}${pan}`, 'a(card number)'],
    [`k+${pan}`, 'k+(card number)'],
    [`tel:+${pan}`, 'tel:+(card number)'],
    [`4053900126488419123`, '(card number)'],
  ])('in %s', (text, left) => {
    expect(withoutCardNumbers(text)).toBe(left);
  });

  it('in any random surroundings', () => {
    for (let round = 0; round < 300; round += 1) {
      const [before, after] = [String(round * 7_919), String(round * 104_729)];
      for (const text of [before + pan + after, `${before} ${quarters.join('-')}, ${after}`]) {
        expect(withoutCardNumbers(text).replace(/\D/g, '')).not.toContain(pan);
      }
    }
  });

  it('in time that is linear in the text', () => {
    const hostile = ['9', '4', '4 ', '%25', '%34', '&#1', '\\', '\u0664', 'a1', '@1.1.1', '2020-'];
    for (const part of hostile) {
      const text = part.repeat(65_536 / part.length);
      const begun = performance.now();
      withoutCardNumbers(text);
      withoutCardNumbersInUri(text);
      expect(performance.now() - begun).toBeLessThan(5_000);
    }
  });
});

describe('withoutCardNumbersInUri', () => {
  it.each([
    ['sip:4929421234600821@host', 'sip:card-number@host'],
    ['tel:6304000000000000', 'tel:card-number'],
    ['sip:4929-4212-3460-0821@host', 'sip:card-number@host'],
    ['sip:4929%204212%203460%200821@host', 'sip:card-number@host'],
    ['sip:%34929421234600821@10.0.0.1:5060', 'sip:card-number@10.0.0.1:5060'],
    ['tel:+4929421234600821', 'tel:+card-number'],
    ['sip:a@host;x=378282246310005', 'sip:a@host;x=card-number'],
    ['sip:49294212@34600821', 'sip:card-number'],
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
    'sip:+491712345678@10.12.34.56:5060',
    'sip:4912345678901@sbc01.eu2.example.com:5060',
    'tel:+4917123456789;ext=1234',
  ])('leaves %s, by which a party is found', (uri) => {
    expect(withoutCardNumbersInUri(uri)).toBe(uri);
  });
});

test('a cleaned line of JSON is still JSON', () => {
  const line = JSON.stringify({ time: 4929421234600821, msg: 'say "4929421234600821"', n: [1] });
  expect(JSON.parse(withoutCardNumbersInJson(line))).toEqual({
    ...{ time: 4929421234600821, msg: 'say "(card number)"', n: [1] },
  });
});

test('a text is masked before it is cut', () => {
  for (let length = 200; length <= 256; length += 1) {
    expect(cleanText('u'.repeat(length) + pan)).not.toMatch(/\d/);
  }
  for (let length = 4_300; length <= 4_400; length += 1) {
    const shrinking = `${pan} ,;:. `.repeat(400).slice(0, length);
    expect(cleanText(shrinking)).not.toMatch(/\d/);
  }
});

test.each([
  [`sip:agent@domain.com?pan=${pan}`, 'sip:agent@domain.com'],
  [`sip:agent@domain.com:5070;x=${pan}`, 'sip:agent@domain.com:5070'],
  [`sip:agent:${pan}@domain.com`, 'sip:agent@domain.com'],
  ['sip:agent:378282246310005@domain.com;transport=tcp', 'sip:agent@domain.com'],
  [`sip:agent:${pan}`, 'sip:agent:card-number'],
  [`sip:${pan}@domain.com`, 'sip:card-number@domain.com'],
  [`tel:+31880000000;ext=12;x=${pan}`, 'tel:+31880000000;ext=12'],
  ['tel:+31-88-000-0000', 'tel:+31-88-000-0000'],
  ['card 3782 822463 10005', 'card (card number)'],
])('only the party that the requester %s names is kept', (uri, kept) => {
  expect(cleanUri(uri)).toBe(kept);
});

test('a user whose name, UCCs or address hold one is refused', () => {
  const settings = { roles: ['supervisor'], uccs: ['ucc'], sipUri: 'sip:a@d.com' };
  expect(checkUser('eva', settings)).toMatchObject({ name: 'eva' });
  for (const [name, more] of [
    ['eva', { uccs: ['ucc', pan] }],
    ['u4053@9001@2648@8419', {}],
    ['eva', { sipUri: 'sip:a@d.com;x=4053%209001%202648%208419' }],
    ['eva', { sipUri: `tel:+${pan}` }],
  ] as const) {
    expect(() => checkUser(name, { ...settings, ...more })).toThrow(PersonSettingsError);
  }
});
