import { beforeEach, describe, expect, it } from 'vitest';
import { FailedAttempts } from '../../src/auth/failed-attempts.ts';

let now = 0;
let attempts: FailedAttempts;
beforeEach(() => {
  now = 0;
  attempts = new FailedAttempts({ most: 3, windowMs: 60_000, maxKeys: 2, now: () => now });
});

async function fail(key: string, times: number): Promise<boolean> {
  let isLast = false;
  for (let count = 0; count < times; count += 1) {
    expect(await attempts.begin(key)).toBe(0);
    isLast = attempts.end(key, true);
  }
  return isLast;
}

describe('FailedAttempts', () => {
  it('makes a key wait for the rest of the window after too many failures', async () => {
    expect(await fail('a', 2)).toBe(false);
    now = 20_000;
    expect(attempts.retryAfterSeconds('a')).toBe(0);
    expect(await fail('a', 1)).toBe(true);
    expect(await attempts.begin('a')).toBe(40);
    expect(attempts.retryAfterSeconds('b')).toBe(0);
    now = 60_000;
    expect(attempts.retryAfterSeconds('a')).toBe(0);
  });

  it('lets more attempts than may fail wait for their turn; good ones all succeed', async () => {
    const begun = Array.from({ length: 10 }, () => attempts.begin('a'));
    let good = 0;
    for (const one of begun) {
      expect(await one).toBe(0);
      good += 1;
      attempts.end('a', false);
    }
    expect(good).toBe(10);
    expect(attempts.size).toBe(0);
  });

  it('limits a burst of bad attempts', async () => {
    const asked = Array.from({ length: 10 }, () => attempts.begin('a'));
    const answers: number[] = [];
    for (const one of asked) {
      const seconds = await one;
      answers.push(seconds);
      if (seconds === 0) attempts.end('a', true);
    }
    expect(answers.filter((seconds) => seconds === 0)).toHaveLength(3);
    expect(answers.filter((seconds) => seconds === 60)).toHaveLength(7);
  });

  it('tells some of very many concurrent attempts to try again', async () => {
    const asked = Array.from({ length: 100 }, () => attempts.begin('a'));
    expect(await asked.at(-1)).toBe(1);
  });

  it('cancels no failure after a success', async () => {
    await fail('a', 2);
    expect(await attempts.begin('a')).toBe(0);
    attempts.end('a', false);
    await fail('a', 1);
    expect(attempts.retryAfterSeconds('a')).toBe(60);
  });

  it('counts failures that needed no turn', () => {
    expect([attempts.fail('a'), attempts.fail('a'), attempts.fail('a')]).toEqual([
      false,
      false,
      true,
    ]);
    expect(attempts.retryAfterSeconds('a')).toBe(60);
  });

  it('remembers no more keys than its limit', async () => {
    await fail('a', 3);
    await fail('b', 1);
    await fail('c', 1);
    expect(attempts.size).toBe(2);
    expect(attempts.retryAfterSeconds('a')).toBe(0);
  });
});
