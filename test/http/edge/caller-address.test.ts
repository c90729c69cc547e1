import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callerAddressRule } from '../../../src/http/edge/caller-address.ts';

const proxy = '10.0.0.1';
const rule = callerAddressRule(['10.0.0.0/24', '2001:db8::/64']);

function seen(peer: string, headers: Record<string, string>) {
  return rule({ socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage);
}

test.each([
  ['no proxy', '192.0.2.1', {}, '192.0.2.1', false],
  ['a proxy that is trusted', proxy, { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1', false],
  [
    'what the client itself claims',
    proxy,
    { 'x-forwarded-for': '127.0.0.1, 192.0.2.1' },
    '192.0.2.1',
    false,
  ],
  ['two proxies', proxy, { 'x-forwarded-for': '192.0.2.1, 10.0.0.2' }, '192.0.2.1', false],
  ['a port', proxy, { 'x-forwarded-for': '192.0.2.1:4711' }, '192.0.2.1', false],
  ['IPv6', proxy, { 'x-forwarded-for': '[2001:db8:1::1]:4711' }, '2001:db8:1::1', false],
  [
    'an IPv4-mapped proxy',
    `::ffff:${proxy}`,
    { 'x-forwarded-for': '192.0.2.1' },
    '192.0.2.1',
    false,
  ],
  ['a proxy that nobody trusts', '127.0.0.1', { 'x-forwarded-for': '10.1.1.1' }, '127.0.0.1', true],
  [
    'the standard header, which is not read',
    '127.0.0.1',
    { forwarded: 'for=a' },
    '127.0.0.1',
    true,
  ],
  ['a proxy that asks for itself', proxy, {}, proxy, true],
  ['a client on a proxy’s machine', proxy, { 'x-forwarded-for': '10.0.0.9' }, '10.0.0.9', false],
  ['Via alone', '127.0.0.1', { via: '1.1 squid' }, '127.0.0.1', true],
  ['X-Real-IP alone', '127.0.0.1', { 'x-real-ip': '203.0.113.9' }, '127.0.0.1', true],
  ['X-Forwarded-Host alone', '127.0.0.1', { 'x-forwarded-host': 'a' }, '127.0.0.1', true],
  ['X-Forwarded-Proto alone', '127.0.0.1', { 'x-forwarded-proto': 'https' }, '127.0.0.1', true],
  ['X-Forwarded-Port alone', '127.0.0.1', { 'x-forwarded-port': '443' }, '127.0.0.1', true],
  ['a client that is none', '127.0.0.1', { host: 'a', 'user-agent': 'via' }, '127.0.0.1', false],
  ['garbage', proxy, { 'x-forwarded-for': 'unknown' }, proxy, true],
])('the address of a caller: %s', (_, peer, headers, address, forwardedByStranger) => {
  expect(seen(peer, headers as Record<string, string>)).toEqual({ address, forwardedByStranger });
});

/** The proxy writes one of them, and passes the others on as the client sent them. */
describe('headers that name two clients', () => {
  const both = (more: Record<string, string>, forwardedFor = '127.0.0.1') =>
    seen(proxy, { 'x-forwarded-for': forwardedFor, ...more }).forwardedByStranger;

  test.each([
    ['the other is elsewhere', { forwarded: 'for=203.0.113.9' }],
    ['with a port', { forwarded: 'for="[2001:db8:1::1]:4711"' }],
    ['the last counts', { forwarded: 'for=127.0.0.1, for=203.0.113.9' }],
    ['behind two proxies', { forwarded: 'for=203.0.113.9, for=10.0.0.2' }, '127.0.0.1, 10.0.0.2'],
    ['a hidden one', { forwarded: 'for=_hidden' }],
    ['none', { forwarded: 'proto=https;by=10.0.0.1' }],
    ['two in one', { forwarded: 'for=127.0.0.1;for=203.0.113.9' }],
    ['nothing', { forwarded: '' }],
    ['another header', { 'x-real-ip': '203.0.113.9' }],
    ['one that is none', { 'x-real-ip': 'x' }],
    ['all three', { forwarded: 'for=127.0.0.1', 'x-real-ip': '203.0.113.9' }],
  ])('%s: the address is unknown', (_, more, forwardedFor = '127.0.0.1') => {
    expect(both(more as Record<string, string>, forwardedFor)).toBe(true);
  });

  test.each([
    ['the same in both', { forwarded: 'for=127.0.0.1;proto=https' }],
    ['spelt otherwise', { forwarded: 'proto=https; FOR="127.0.0.1:9"' }],
    ['what came before', { forwarded: 'for=203.0.113.9, for=127.0.0.1' }],
    ['behind two proxies', { forwarded: 'for=127.0.0.1, for=10.0.0.2' }, '127.0.0.1, 10.0.0.2'],
    ['X-Real-IP', { 'x-real-ip': '127.0.0.1', 'x-forwarded-proto': 'https', via: '1.1 a' }],
    ['X-Real-IP of the proxy before', { 'x-real-ip': '10.0.0.2' }, '127.0.0.1, 10.0.0.2'],
  ])('%s is unambiguous', (_, more, forwardedFor = '127.0.0.1') => {
    expect(both(more as Record<string, string>, forwardedFor)).toBe(false);
  });
});

test('the entry of the trusted proxy counts, whatever a client wrote before it', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (claimed, client) => {
      fc.pre(!client.startsWith('10.0.0.'));
      const forwarded = `${claimed}, ${client}`;
      expect(seen(proxy, { 'x-forwarded-for': forwarded }).address).toBe(client);
    }),
  );
});
