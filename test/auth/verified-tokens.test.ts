import { expect, test } from 'vitest';
import { VerifiedTokens } from '../../src/auth/verified-tokens.ts';
import { anonymous } from '../../src/domain/access/access.ts';

test('a hundred thousand distinct tokens: the memory of them stays bounded', () => {
  const verified = new VerifiedTokens(10_000);
  const principal = anonymous('agent');
  for (let count = 0; count < 100_000; count += 1) verified.set(`token ${count}`, principal, 1);
  expect(verified.size).toBe(10_000);
  expect(verified.get('token 99999', 0)).toBe(principal);
  expect(verified.get('token 0', 0)).toBeUndefined();
});
