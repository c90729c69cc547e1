import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../../../src/domain/common/span.ts';
import type { SqlStore } from '../../../src/store/store.ts';
import { type DatabaseServer, startPostgres } from '../../store/database-servers.ts';
import { tone } from '../../support/audio/tones.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { OPUS_FRAME, opusPackets, type StoredCall } from '../stored-call.ts';
import { type BenchOptions, ErasureBench, isSame, LENGTH_MS } from './erasure-bench.ts';
import { isKilledAt } from './erasure-process.ts';
import {
  expectDestroyed,
  expectInAgreement,
  expectWithout,
  type Unit,
  unitsOf,
} from './erasure-proof.ts';
import { type Death, Mortal } from './mortal.ts';

/**
 * One process per step is slow. `HUSH_ERASURE_TABLE=1` tests every place, interval and step, killed
 * before, in and after it; 5 tests every fifth step.
 */
const asked = Number(process.env.HUSH_ERASURE_TABLE ?? 0);
const isWhole = asked > 0;
const STRIDE = isWhole ? asked : 12;
/** More steps than any erasure takes. */
const MAX_STEPS = 200;

let s3: S3Server;
let postgres: DatabaseServer;
beforeAll(async () => {
  s3 = await S3Server.start();
  postgres = await startPostgres();
});
afterAll(async () => {
  await s3.remove();
  await postgres.stop();
});

async function opus(call: StoredCall): Promise<void> {
  const packets = await opusPackets(tone(48_000, LENGTH_MS / 1000, 440));
  for (const role of ['agent', 'other'] as const) {
    const track = call.track('OPUS', 48_000, { role });
    for (const [index, packet] of packets.entries()) {
      if (index === 50) track.pause('api');
      track.add(index * OPUS_FRAME, packet, OPUS_FRAME);
    }
  }
}

const places: readonly [string, () => BenchOptions][] = [
  ['SQLite and disk', () => ({})],
  ['SQLite and a bucket', () => ({ s3 })],
  ['PostgreSQL and disk', () => ({ postgres })],
  ['PostgreSQL and a bucket', () => ({ postgres, s3 })],
];
const intervals: readonly [string, Span | null, BenchOptions?][] = [
  ['within one segment', { start: 500, end: 750 }],
  ['over two segments', { start: 750, end: 1_500 }],
  ['of a millisecond', { start: 300, end: 301 }],
  ['of the first packet', { start: 0, end: 20 }],
  ['of the last packet', { start: 1_980, end: 2_000 }],
  ['of Opus', { start: 700, end: 1_200 }, { record: opus }],
  ['that is all of it', { start: 0, end: 2_000 }],
  ['none: the whole recording', null],
];
const deaths: readonly Death[] = ['before', 'within', 'behind'];
const table = places.flatMap(([place, where]) =>
  intervals.map(([name, interval, more]) => ({ place, where, name, interval, more })),
);
/** A selection with each place once: Opus, the whole recording, two segments, 1 ms. */
const CHOSEN = [5, 15, 17, 26];
const chosen = table.filter((_, index) => isWhole || CHOSEN.includes(index));

describe('an erasure whose process is killed', () => {
  it.each(chosen)(
    'at any step, interval $name, on $place: completes, and erases nothing else',
    async ({ where, interval, more }) => {
      const bench = new ErasureBench({ ...where(), ...more });
      await bench.prepare();
      const first = await bench.open();
      const before = await unitsOf(bench, first);
      await first.close();
      let [tried, begun] = [0, 0];
      for (const when of isWhole ? deaths : (['within'] as const)) {
        // A different offset each time.
        for (let last = tried % STRIDE; last < MAX_STEPS; last += STRIDE) {
          await bench.restore();
          const { callId } = bench.call;
          const request = { callId, interval, reason: 'card number', requestedBy: 'zoe' };
          const isKilled = await isKilledAt({ place: bench.place, asked: request, last, when });
          tried += 1;
          if (await afterRestart(bench, interval, before)) begun += 1;
          if (!isKilled) break;
          expect(last, 'steps').toBeLessThan(MAX_STEPS - STRIDE);
        }
      }
      bench.remove();
      if (isWhole) console.log(`    ${tried} processes, ${begun} of them had been asked to erase`);
      expect(begun).toBeGreaterThan(1);
      expect(tried).toBeGreaterThan(2);
    },
    isWhole ? 3_600_000 : 120_000,
  );
});

/** Checks what the next process finds and completes. False if no erasure had been requested yet. */
async function afterRestart(
  bench: ErasureBench,
  interval: Span | null,
  before: ReadonlyMap<string, Unit>,
): Promise<boolean> {
  const { callId } = bench.call;
  const store: SqlStore = await bench.open();
  try {
    await bench.files.sweepUnfinished();
    const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
    await bench.process(store, immortal, (erasures) => erasures.resume());
    const receipts = await store.keeping.erasures({ callId });
    const after = await unitsOf(bench, store);
    if (receipts.length === 0) {
      expect(isSame(await bench.heard(store), bench.before)).toBe(true);
      expectWithout(before, after, []);
      return false;
    }
    expect(receipts.map(({ state }) => state)).toEqual(['done']);
    expectWithout(before, after, [interval ?? { start: 0, end: LENGTH_MS }]);
    await expectDestroyed(bench, store);
    if (interval) await expectInAgreement(bench, store);
    else expect((await store.call(callId))?.status).toBe('destroyed');
    return true;
  } finally {
    await store.close();
  }
}
