import { expect, test } from 'vitest';
import { principalOf } from '../../src/auth/claims.ts';
import { uriKey } from '../../src/domain/identifiers/sip-uri.ts';

const settings = {
  issuer: 'https://issuer.example',
  clients: ['coreapi'],
  rolesFrom: [],
  rolePrefix: '',
  uccsFrom: 'uccs',
  nameFrom: [],
  urisFrom: ['sip_uri', 'email'],
  defaultUccs: [],
};

function speaksAs(claims: Record<string, unknown>, uri: string): boolean {
  const principal = principalOf({ azp: 'coreapi', email_verified: true, ...claims }, settings);
  return principal.uris.has(uriKey(uri));
}

test.each([
  [{ sip_uri: 'tel:+31-88-0000001' }, 'sip:+31880000001@sbc;user=phone'],
  [{ sip_uri: 'sips:Agent@domain.com:5061' }, 'sip:agent@domain.com'],
  [{ sip_uri: 'agent@domain.com' }, '<sip:agent@domain.com>'],
  [{ email: 'agent@domain.com' }, 'sip:agent@domain.com'],
])('%j identifies as %s', (claims, uri) => {
  expect(speaksAs(claims, uri)).toBe(true);
});

test.each([
  [{ email: '+31880000001@mail.example' }, 'tel:+31880000001'],
  [{ email: '0031880000001@mail.example' }, 'tel:+31880000001'],
  [{ email: 'ag%65nt@domain.com' }, 'sip:agent@domain.com'],
  [{ email: 'agent;x@domain.com' }, 'sip:agent@domain.com'],
  [{ sip_uri: 'sip:agent@domain.com:5070' }, 'sip:agent@domain.com'],
  [{ sip_uri: 'tel:0880000001' }, 'tel:+31880000001'],
])('%j does not identify as %s', (claims, uri) => {
  expect(speaksAs(claims, uri)).toBe(false);
});
