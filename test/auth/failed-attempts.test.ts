import { beforeEach, describe, expect, it } from 'vitest';
import { FailedAttempts } from '../../src/auth/failed-attempts.ts';

let now = 0;
let attempts: FailedAttempts;
beforeEach(() => {
  now = 0;
  attempts = new FailedAttempts({ most: 3, windowMs: 60_000, maxKeys: 2, now: () => now });
});

function fail(key: string, times: number): void {
  for (let count = 0; count < times; count += 1) {
    attempts.begin(key);
    attempts.end(key, true);
  }
}

describe('FailedAttempts', () => {
  it('after too many failures the key waits for the rest of the window', () => {
    fail('a', 2);
    now = 20_000;
    expect(attempts.retryAfterSeconds('a')).toBe(0);
    fail('a', 1);
    expect(attempts.retryAfterSeconds('a')).toBe(40);
    expect(attempts.retryAfterSeconds('b')).toBe(0);
    now = 60_000;
    expect(attempts.retryAfterSeconds('a')).toBe(0);
  });

  it('attempts under way count, but only for as long as they are', () => {
    for (let count = 0; count < 3; count += 1) attempts.begin('a');
    expect(attempts.retryAfterSeconds('a')).toBe(1);
    for (let count = 0; count < 3; count += 1) attempts.end('a', false);
    expect(attempts.retryAfterSeconds('a')).toBe(0);
    expect(attempts.size).toBe(0);
  });

  it('a success takes back no failure', () => {
    fail('a', 2);
    attempts.begin('a');
    attempts.end('a', false);
    fail('a', 1);
    expect(attempts.retryAfterSeconds('a')).toBe(60);
  });

  it('remembers no more keys than it may', () => {
    fail('a', 3);
    fail('b', 1);
    fail('c', 1);
    expect(attempts.size).toBe(2);
    expect(attempts.retryAfterSeconds('a')).toBe(0);
  });
});
