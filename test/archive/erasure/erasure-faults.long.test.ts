import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../../../src/domain/common/span.ts';
import type { ErasureRecord } from '../../../src/domain/model/erasure.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { few, sized } from '../../support/length.ts';
import { ErasureBench, isSame, isSilent, LENGTH_MS, within } from './erasure-bench.ts';
import { Mortal } from './mortal.ts';

let s3: S3Server;
beforeAll(async () => {
  s3 = await S3Server.start();
});
afterAll(() => s3.remove());

const short = { start: 500, end: 750 };
const cases = [
  ['an interval on disk', short, 'behind', false],
  ['an interval over two segments on disk', { start: 750, end: 1_500 }, 'before', false],
  ['a whole recording on disk', null, 'behind', false],
  ['an interval in a bucket', short, 'behind', true],
  ['a whole recording in a bucket', null, 'before', true],
] as const;

/** One step in so many. */
const STRIDE = sized(7, 3);

describe('an erasure whose process dies', () => {
  it.each(few(cases, 1))(
    'of %s: at each step it is as before, or erased',
    async (_, interval, when, inBucket) => {
      const bench = new ErasureBench({ s3: inBucket ? s3 : undefined });
      await bench.prepare();
      const { callId } = bench.call;
      const asked = { callId, interval, reason: 'card number', requestedBy: 'zoe' };
      // Of each case others: `erasure-kill.long.test.ts` tries them all, in processes of their own.
      let last = cases.findIndex(([name]) => name === _) % STRIDE;
      for (let isDone = false; !isDone; last += STRIDE) {
        await bench.restore();
        const mortal = new Mortal(last, when);
        const first = await bench.open();
        await bench.process(first, mortal, (erasures) => erasures.erase(asked));
        await first.close();
        isDone = !mortal.died;
        const second = await bench.open();
        const [left] = await second.keeping.erasures({ callId });
        expectEither(bench, await bench.heard(second), left?.state ?? 'begun', interval);
        const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
        await bench.process(second, immortal, (erasures) => erasures.resume());
        const [receipt] = await second.keeping.erasures({ callId });
        const heard = await bench.heard(second);
        await second.close();
        if (receipt) expectErased(bench, heard, receipt, interval);
        else expect(isSame(heard, bench.before)).toBe(true);
        expect(receipt?.state ?? 'none', `step ${last}`).toBe(left ? 'done' : 'none');
      }
      bench.remove();
      expect(last).toBeGreaterThan(interval ? 12 : 8);
    },
  );
});

/** Nothing in between: audio that the receipt reports as erased cannot be played. */
function expectEither(
  bench: ErasureBench,
  heard: Int16Array,
  state: string,
  interval: Span | null,
): void {
  if (state === 'begun') expect(isSame(heard, bench.before)).toBe(true);
  else if (!interval) expect(isSilent(heard)).toBe(true);
  else {
    expect(isSilent(within(heard, interval))).toBe(true);
    const { start, end } = interval;
    for (const rest of [
      { start: 0, end: start },
      { start: end, end: LENGTH_MS },
    ]) {
      expect(isSame(within(heard, rest), within(bench.before, rest))).toBe(true);
    }
  }
}

/** Looks for keys and bytes where they were stored. */
function expectErased(
  bench: ErasureBench,
  heard: Int16Array,
  { destroyed }: ErasureRecord,
  interval: Span | null,
): void {
  expectEither(bench, heard, 'done', interval);
  expect(bench.keys.length).toBeGreaterThan(0);
  const all = bench.keys.length;
  expect(destroyed.length).toBe(
    interval ? (interval.start < 1_000 && interval.end > 1_000 ? 4 : 2) : all,
  );
  const database = readFileSync(bench.databaseFile, 'latin1');
  // Kept audio is sealed anew as well: none of the former rows is left.
  expect(bench.keys.filter((key) => database.includes(key))).toEqual([]);
  const stored = bench.stored();
  expect(stored.length).toBe(interval ? all : 0);
  const kept = bench.sealed.filter((bytes) => {
    // A stretch of ciphertext that every sealed file has, with an index or without.
    const piece = bytes.subarray(200, 264);
    return stored.some((file) => file.includes(piece));
  });
  expect(kept.length).toBe(bench.sealed.length - destroyed.length);
}
