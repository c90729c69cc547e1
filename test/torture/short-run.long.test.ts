import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isClean, jsonOf, tableOf } from '../../src/torture/report.ts';
import type { Scenario } from '../../src/torture/scenarios/scenario.ts';
import { scenarios } from '../../src/torture/scenarios/scenarios.ts';
import type { TortureTarget } from '../../src/torture/target.ts';
import { torture } from '../../src/torture/torture.ts';
import { markersInFolder } from '../support/audio/markers-in-folder.ts';
import { openTortureBench, type TortureBench } from '../support/audio/torture-bench.ts';
import { few, longTest } from '../support/length.ts';

let bench: TortureBench;

beforeAll(async () => {
  bench = await openTortureBench();
});
afterAll(async () => {
  await bench.close();
  rmSync(bench.dataDir, { recursive: true, force: true });
});

const short = { calls: 4, pausesPerCall: 2, crashWindowMs: 1_000, onProgress: () => undefined };
/** What fills the log is in a test of its own: its recorder logs elsewhere. */
const possible = scenarios.filter(({ name }) => name !== 'log disk full');

/**
 * A clock that stood still for less than a second, and a path that became slower, look alike: Hush
 * takes the second for it where it matters what is kept, and lays audio by its arrival.
 */
const undecidable = ['clock still, silent', 'delay changes'];

async function reportOf(scenario: Scenario, seed: number, target: TortureTarget = bench.target) {
  const [report] = await torture({ ...bench, ...short, target, scenarios: [scenario], seed });
  if (!report) throw new Error('no report');
  return report;
}

describe('the torture kit', () => {
  test.each(few(possible, 2))(
    '$name: $what',
    // The kit itself may be late on a busy machine, and misplace what it sends.
    { retry: 2, timeout: 120_000 },
    async (scenario) => {
      const report = await reportOf(scenario, 5);
      expect(report).toMatchObject({ leakedFrames: 0, faults: [], overwrittenFrames: 0 });
      if (!undecidable.includes(scenario.name)) {
        expect(report).toMatchObject({ lostFrames: 0, misplacedFrames: 0 });
      }
      expect(report.pauses).toBeGreaterThanOrEqual(8);
      expect(report.pausedFrames).toBeGreaterThan(50);
      expect(report.otherFrames).toBeGreaterThan(50);
      expect(report.guardCostsMs.length).toBeGreaterThan(4);
      expect(markersInFolder(bench.dataDir)).toBe(0);
    },
  );

  longTest(
    'finds a recorder out that answers and does nothing',
    async () => {
      const { target: hush } = bench;
      const liar: TortureTarget = {
        uccName: hush.uccName,
        command: async () => ({
          answeredAt: performance.timeOrigin + performance.now(),
          retries: 0,
        }),
        foundFrames: (correlationId) => hush.foundFrames(correlationId),
      };
      const [quiet] = scenarios;
      if (!quiet) throw new Error('no scenario');
      const report = await reportOf(quiet, 6, liar);
      expect(isClean([report])).toBe(false);
      expect(report.leakedFrames).toBe(report.pausedFrames);
      expect(jsonOf([report])).toMatchObject({ clean: false });
      expect(tableOf([report])).toContain(String(report.leakedFrames));
    },
    60_000,
  );
});
