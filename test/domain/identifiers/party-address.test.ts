import { describe, expect, test } from 'vitest';
import { partyKey, partyKeys } from '../../../src/domain/identifiers/party-keys.ts';
import { uriKey } from '../../../src/domain/identifiers/sip-uri.ts';
import { isAgent, isMember, newUcc } from '../../../src/domain/model/ucc.ts';
import { seededRandom } from '../../../src/torture/random.ts';

/** Spellings of one party each; whoever is in two of them is two parties. */
const parties: readonly (readonly string[])[] = [
  [
    ...['tel:+31880000001', 'tel:+31-88-0000001', 'TEL:+31.88(000)00-01', '+31880000001'],
    ...['+31 88 000 0001', '0031880000001', '0031 88 000 00 01', 'tel:0031880000001'],
    ...['sip:+31880000001@10.0.0.7;user=phone', 'sip:+31880000001@anything', ' +31880000001 '],
    ...['sips:+31880000001@sbc.example:5061;transport=tls', 'sip:%2B31880000001@sbc'],
    ...[
      '<sip:+31880000001@sbc>;tag=7',
      '"OfflineStore 4" <tel:+31880000001>',
      '+31880000001@10.1.1.1',
    ],
    ...[
      'sip:0031880000001@sbc',
      'sip:+31-88-0000001@[2001:db8::7]',
      'tel:+31880000001;cpc=ordinary',
    ],
    ...['sip:+31880000001:secret@sbc', 'sip:+31880000001;tgrp=a;trunk-context=b@sbc?subject=x'],
  ],
  ['tel:+31880000001;ext=5', 'tel:+31-880000001;EXT=5', 'sip:+31880000001;ext=5@sbc;user=phone'],
  ['tel:+31880000001;ext=6'],
  ['tel:+31880000001;isub=5'],
  ['tel:+318800000010'],
  ['tel:31880000001', '31880000001', 'tel:31-880000001'],
  ['sip:31880000001@sbc', 'sip:31-880000001@sbc;user=phone', '31880000001@sbc'],
  ['tel:0880000001', '0880000001'],
  ['sip:0880000001@10.0.0.7'],
  ['tel:0880000001;phone-context=Example.com', 'tel:088-0000001;phone-context=example.com.'],
  ['tel:0880000001;phone-context=+31', 'tel:0880000001;phone-context=+3-1'],
  ['tel:0031880000001;phone-context=example.com'],
  [
    ...[
      'sip:agent@domain.com',
      'SIP:Agent@Domain.COM',
      'sips:agent@domain.com',
      'agent@domain.com',
    ],
    ...['sip:agent@domain.com:5060', 'sips:agent@domain.com:5061', 'sip:agent@domain.com.'],
    ...[
      '<sip:agent@domain.com>',
      '"Agent" <sip:agent@domain.com>;tag=1',
      'Agent<sip:agent@domain.com>',
    ],
    ...['sip:ag%65nt@domain.com', 'sip:%61%67ENT@domain.com', 'sip:agent:secret@domain.com'],
    ...['sip:agent@domain.com;transport=tcp;gr=urn:uuid:1', 'sip:agent@domain.com?subject=x'],
    ...['sip:agent@domain.com;user=phone', '"a \\" <sip:x@y>" <sip:agent@domain.com>'],
  ],
  ['sip:agent@domain.com:5070'],
  ['sip:agent@sub.domain.com'],
  ['sip:agent@domain.com.evil.example'],
  ['sip:agent%40domain.com@evil.example', 'sip:agent%40DOMAIN.com@evil.example'],
  ['sip:agent%2540domain.com@evil.example'],
  ['sip:agent@domain.com@evil.example'],
  ['sip:agent%3Bx@domain.com', 'sip:agent;x@domain.com'],
  ['sip:agent%00@domain.com'],
  ['sip:agent%20@domain.com'],
  ['sip:agent%FF@domain.com', 'sip:agent%ff@domain.com'],
  ['sip:agent%FE@domain.com'],
  ['sip:agen%C5%A3@domain.com', 'sip:agen\u0163@domain.com'],
  ['sip:desk@domain.com', 'sip:des%6B@domain.com'],
  ['sip:des\u212A@domain.com'],
  ['sip:x@y;p=<sip:agent@domain.com>'],
  ['"<sip:agent@domain.com>" <sip:x@y.example>', 'sip:x@y.example'],
  ['a <sip:agent@domain.com> <sip:x@y.example>'],
  ['sip:1@[2001:db8::1]', 'sip:1@[2001:DB8:0:0::1]:5060'],
  ['sip:1@[2001:db8::2]'],
  ['sip:domain.com', 'sips:Domain.com.'],
  ['sip:@domain.com'],
  ['sip:+12345@sbc'],
  ['sip:+12345@pbx'],
  ['sip:+3188000000123456789@sbc'],
  ['', ' '],
];

const all = parties.flatMap((spellings, party) => spellings.map((uri) => ({ uri, party })));

test.each(all)('$uri is party $party and no other', ({ uri, party }) => {
  const same = all.filter((other) => uriKey(other.uri) === uriKey(uri));
  expect(same).toEqual(all.filter((other) => other.party === party));
});

describe('a list of agents', () => {
  test.each(all)('$uri is one where its party is listed, and nowhere else', ({ uri, party }) => {
    for (const [index, spellings] of parties.entries()) {
      const ucc = newUcc('ucc', { agents: [spellings.at(-1) ?? ''], supervisors: ['tel:110'] });
      expect([uri, index, isAgent(ucc, uri)]).toEqual([uri, index, index === party]);
      expect(isMember(ucc, uri)).toBe(index === party);
    }
  });

  test('holds a party once, in however many spellings', () => {
    const ucc = newUcc('ucc', {
      agents: ['tel:+31880000001', 'sip:+31-88-0000001@sbc', 'sip:a@b'],
    });
    expect(ucc.agents).toEqual(['sip:+31-88-0000001@sbc', 'sip:a@b']);
  });
});

test.each(all)('$uri is found in the archive by every spelling of its party', ({ uri, party }) => {
  const keys = partyKeys(uri);
  for (const spelling of parties[party] ?? []) {
    if (partyKey(spelling) !== '') expect(keys).toContain(partyKey(spelling));
  }
});

/** Pieces of URIs, put together in any order: what comes of it is mostly none. */
const pieces = [
  ...['sip:', 'sips:', 'tel:', '<', '>', '"', '@', ':', ';', '?', '%', '%2B', '%40', '%FF', '%25'],
  ...['+', '00', '3188', '0000001', '-', '.', ' ', '\\', 'agent', 'domain.com', '[::1]', '5060'],
  ...['user=phone', 'ext=5', 'phone-context=', '\u212a', '\ud800', '\u0130', '\0', '\n'],
];

test('a key is its own key, and no number becomes an international one', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 20_000; round += 1) {
    const length = 1 + Math.floor(random() * 9);
    const uri = Array.from(
      { length },
      () => pieces[Math.floor(random() * pieces.length)] ?? '',
    ).join('');
    const key = uriKey(uri);
    expect(uriKey(key), JSON.stringify(uri)).toBe(key);
    expect(partyKeys(uri).every((one) => one.length <= 512)).toBe(true);
    if (key.startsWith('tel:+')) expect([uri, /\+|%2B|00/.test(uri)]).toEqual([uri, true]);
  }
});

test('every spelling is read in bounded time', () => {
  const begun = performance.now();
  for (const part of [...pieces, 'sip:a@', ' <', '" <']) uriKey(part.repeat(200_000 / part.length));
  expect(performance.now() - begun).toBeLessThan(1_000);
});
