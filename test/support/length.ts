import { test } from 'vitest';

/**
 * Test files named `.long.test.ts` run in both commands: `npm test` takes a few cases of each kind,
 * `npm run test:long` all of them.
 */
export const isLong = process.env.HUSH_TEST_LENGTH === 'long';

export function sized<Value>(short: Value, long: Value): Value {
  return isLong ? long : short;
}

/** All of a corpus, or so many of its cases: the first, the last, and what lies between. */
export function few<Case>(cases: readonly Case[], count = 2): readonly Case[] {
  if (isLong || cases.length <= count) return cases;
  const step = (cases.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => cases[Math.round(index * step)] as Case);
}

/** A test of the long run alone: others of its kind stay in the short one. */
export const longTest = test.runIf(isLong);
