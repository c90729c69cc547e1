import { describe, expect, test } from 'vitest';
import { scenarios } from '../../src/torture/scenarios/scenarios.ts';
import { torture } from '../../src/torture/torture.ts';
import { canMount, openFullLogBench } from '../support/full-log-bench.ts';
import { few } from '../support/length.ts';

const short = { calls: 3, pausesPerCall: 2, crashWindowMs: 1_000, onProgress: () => undefined };
const full = scenarios.filter(({ name }) => name === 'log disk full');

describe('a log that takes nothing any more', () => {
  test.each(few(canMount() ? (['pipe', 'disk'] as const) : (['pipe'] as const), 1))(
    'a full %s stops no pause and leaks nothing',
    async (kind) => {
      const bench = await openFullLogBench(kind);
      try {
        const [report] = await torture({ ...bench, ...short, scenarios: full, seed: 7 });
        expect(report).toMatchObject({ faults: [], pauses: 6, leakedFrames: 0, lostFrames: 0 });
        expect(report?.pausedFrames).toBeGreaterThan(50);
      } finally {
        await bench.close();
      }
    },
    180_000,
  );
});
