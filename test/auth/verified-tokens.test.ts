import { expect, test } from 'vitest';
import { VerifiedTokens } from '../../src/auth/verified-tokens.ts';
import { anonymous } from '../../src/domain/access/access.ts';

test('the cache of a million distinct tokens stays bounded', () => {
  const verified = new VerifiedTokens(10_000);
  const principal = anonymous('agent');
  for (let count = 0; count < 1_000_000; count += 1) verified.set(`token ${count}`, principal, 1);
  expect(verified.size).toBe(10_000);
  expect(verified.get('token 999999', 0)).toBe(principal);
  expect(verified.get('token 0', 0)).toBeUndefined();
});
