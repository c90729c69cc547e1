import { describe, expect, test } from 'vitest';
import {
  MAX_URI_LENGTH,
  parseRequesterUri,
  uriUser,
} from '../../../src/domain/identifiers/sip-uri.ts';

describe('parseRequesterUri', () => {
  test.each([
    'sip:agent@domain.com',
    'SIP:Agent@Domain.com',
    'sips:agent@domain.com',
    'sip:agent:secret@domain.com:5061;transport=tls?subject=x',
    'sip:+31880000000@domain.com;user=phone',
    'sip:domain.com',
    'sip:agent@[2001:db8::1]:5060',
    'tel:+31880000000',
    'tel:+31-88-000.00(00)',
    'tel:+31 88 0000001',
    'tel:+31%2088 (0) 000',
    'tel:112;phone-context=example.com',
    'tel:*21#',
  ])('%s', (uri) => {
    expect(parseRequesterUri(uri)).toBe(uri);
    expect(parseRequesterUri(` \t${uri}\n`)).toBe(uri);
  });

  test.each([
    ...['', ' ', 'agent@domain.com', 'sip:', 'sips:', 'tel:', 'sip:@domain.com', 'sip:a@b@c'],
    ...[
      'sip:a b@domain.com',
      'tel:abc',
      'tel: 112',
      'http://domain.com',
      'xsip:a@b',
      'sip',
      'sip:a\0@b',
      'tel:1;\0',
    ],
    ...[undefined, null, 5, true, {}, ['sip:agent@domain.com']],
    `sip:${'x'.repeat(MAX_URI_LENGTH)}@domain.com`,
  ])('%j is none', (value) => {
    expect(parseRequesterUri(value)).toBeUndefined();
  });

  test('refuses in bounded time', () => {
    const begun = performance.now();
    for (const part of [':', '@', ';', 'a', 'sip:']) {
      parseRequesterUri(`sip:${part.repeat(MAX_URI_LENGTH / part.length)} `);
      parseRequesterUri(`sip:${part.repeat(200)} x`);
    }
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

test.each([
  ['sip:UCC-Demo@127.0.0.1:5060;x=y', 'ucc-demo'],
  ['sips:agent:secret@domain.com', 'agent'],
  ['sip:agent;x=1@domain.com', undefined],
  ['sip:ucc%2Ddemo%2dname@127.0.0.1', 'ucc-demo-name'],
  ['sip:ucc%40demo@127.0.0.1', 'ucc%40demo'],
  ['tel:+31880000000;ext=1', '+31880000000'],
  ['sip:domain.com', undefined],
  ['agent@domain.com', undefined],
  ['', undefined],
])('uriUser of %s is %s', (uri, user) => {
  expect(uriUser(uri)).toBe(user);
});
