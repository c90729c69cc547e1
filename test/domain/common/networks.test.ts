import { describe, expect, it } from 'vitest';
import { addressKey, ipv6Words } from '../../../src/domain/common/networks.ts';
import { RateLimiter } from '../../../src/domain/common/rate-limiter.ts';
import { InviteLimits } from '../../../src/srs/invite-limits.ts';

describe('the key that a client is counted by', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
    ['no:address', 'no:address'],
  ])('%s: %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('is derived from the words of an address', () => {
    expect(ipv6Words('2002:a9fe:a9fe::9')).toEqual([0x2002, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 9]);
    expect(ipv6Words('192.0.2.7')).toBeUndefined();
    expect(ipv6Words('::ffff:192.0.2.7')).toBeUndefined();
  });
});

describe('a limit', () => {
  it('charges a request’s cost, and no more than a full bucket', () => {
    let now = 0;
    const limit = new RateLimiter({ perSecond: 10, burst: 20, maxKeys: 10, now: () => now });
    expect(limit.take('a', 15)).toBe(0);
    expect(limit.take('a', 10)).toBeCloseTo(0.5);
    expect(limit.take('a', 5)).toBe(0);
    now = 2_000;
    expect(limit.take('a', 1_000)).toBe(0);
    expect(limit.take('a')).toBeGreaterThan(0);
  });

  it('of INVITEs counts bytes, and addresses of one /64 together', () => {
    const limits = new InviteLimits({ invitesPerSecond: 1_000, invitesPerSecondPerAddress: 10 });
    const load = { address: '2001:db8::1', bytes: 65_536, inDialog: false };
    expect(limits.delaySeconds(load)).toBe(0);
    expect(limits.delaySeconds({ ...load, address: '2001:db8::2' })).toBeGreaterThan(0);
    // What dialogs bring is counted apart, and so is another client.
    expect(limits.delaySeconds({ ...load, inDialog: true })).toBe(0);
    expect(limits.delaySeconds({ ...load, inDialog: true })).toBeGreaterThan(0);
    expect(limits.delaySeconds({ ...load, address: '2001:db8:0:1::1' })).toBe(0);
  });
});
