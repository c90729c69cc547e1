import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isClean, jsonOf, tableOf } from '../../src/torture/report.ts';
import { scenarios } from '../../src/torture/scenarios.ts';
import type { TortureTarget } from '../../src/torture/target.ts';
import { torture } from '../../src/torture/torture.ts';
import { markersInFolder } from '../support/markers-in-folder.ts';
import { openTortureBench, type TortureBench } from '../support/torture-bench.ts';

let bench: TortureBench;

beforeAll(async () => {
  bench = await openTortureBench();
});
afterAll(async () => {
  await bench.close();
  rmSync(bench.dataDir, { recursive: true, force: true });
});

const short = { calls: 4, pausesPerCall: 2, crashWindowMs: 1_000, onProgress: () => undefined };

describe('the torture kit', () => {
  test.each(scenarios)(
    '$name: $what',
    async (scenario) => {
      const [report] = await torture({ ...bench, ...short, scenarios: [scenario], seed: 5 });
      expect(report).toMatchObject({ leakedFrames: 0, lostFrames: 0, pauses: 8 });
      expect(report?.pausedFrames).toBeGreaterThan(50);
      expect(report?.otherFrames).toBeGreaterThan(50);
      expect(markersInFolder(bench.dataDir)).toBe(0);
    },
    60_000,
  );

  test('finds a recorder out that answers and does nothing', async () => {
    const { target: hush } = bench;
    const liar: TortureTarget = {
      uccName: hush.uccName,
      command: async () => ({
        answeredAt: performance.timeOrigin + performance.now(),
        retries: 0,
      }),
      recordedFrames: (correlationId) => hush.recordedFrames(correlationId),
    };
    const quiet = scenarios.slice(0, 1);
    const reports = await torture({ ...bench, ...short, target: liar, scenarios: quiet, seed: 6 });
    expect(isClean(reports)).toBe(false);
    expect(reports[0]?.leakedFrames).toBe(reports[0]?.pausedFrames);
    expect(jsonOf(reports)).toMatchObject({ clean: false });
    expect(tableOf(reports)).toContain(String((reports[0]?.leakedFrames ?? 0) * 20));
  }, 60_000);
});
