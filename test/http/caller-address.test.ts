import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callerAddressRule } from '../../src/http/caller-address.ts';

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
  ['garbage', proxy, { 'x-forwarded-for': 'unknown' }, proxy, true],
])('%s', (_, peer, headers, address, forwardedByStranger) => {
  expect(seen(peer, headers as Record<string, string>)).toEqual({ address, forwardedByStranger });
});

test('whatever a client writes before it, the entry of the trusted proxy counts', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (claimed, client) => {
      fc.pre(!client.startsWith('10.0.0.'));
      const forwarded = `${claimed}, ${client}`;
      expect(seen(proxy, { 'x-forwarded-for': forwarded }).address).toBe(client);
    }),
  );
});
