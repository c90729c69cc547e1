import { describe, expect, it } from 'vitest';
import { DigestGuesses } from '../../../src/srs/digest-guesses.ts';

describe('guesses of digest passwords', () => {
  const limits = { maxFailuresPerAddress: 3, maxFailuresPerUser: 5, failureWindowMs: 1_000 };

  function bench() {
    const told: string[] = [];
    const at = { ms: 0 };
    const guesses = new DigestGuesses(limits, {
      onGuessing: (who) => told.push(who),
      nowMs: () => at.ms,
    });
    return { guesses, told, at };
  }

  it('are limited per address, for any users, and raise one alarm', () => {
    const { guesses, told, at } = bench();
    for (const user of ['a', 'b', '']) {
      expect(guesses.mayTry('192.0.2.1', user)).toBe(true);
      guesses.failed('192.0.2.1', user);
    }
    expect(guesses.mayTry('192.0.2.1', 'c')).toBe(false);
    expect(guesses.mayTry('192.0.2.2', 'c')).toBe(true);
    expect(told).toEqual(['192.0.2.1']);
    at.ms = 1_000;
    expect(guesses.mayTry('192.0.2.1', 'c')).toBe(true);
  });

  it('are limited per user, from any addresses, without blocking the user’s own client', () => {
    const { guesses, told } = bench();
    guesses.proved('198.51.100.1', 'sbc');
    for (let host = 1; host <= 5; host += 1) guesses.failed(`192.0.2.${host}`, 'sbc');
    expect(guesses.mayTry('192.0.2.9', 'sbc')).toBe(false);
    expect(guesses.mayTry('192.0.2.9', 'other')).toBe(true);
    expect(guesses.mayTry('198.51.100.1', 'sbc')).toBe(true);
    expect(told).toEqual(['sbc']);
  });

  it('from one /64 count together, and take bounded memory', () => {
    const { guesses } = bench();
    for (let host = 1; host <= 3; host += 1) guesses.failed(`2001:db8::${host}`, '');
    expect(guesses.mayTry('2001:db8::99', '')).toBe(false);
    for (let host = 0; host < 20_000; host += 1) {
      guesses.failed(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`, '');
    }
    expect(guesses.size).toBeLessThanOrEqual(10_000);
  });
});
