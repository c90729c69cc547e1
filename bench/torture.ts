import { rmSync } from 'node:fs';
import { jsonOf, type ScenarioReport, tableOf } from '../src/torture/report.ts';
import { scenarios } from '../src/torture/scenarios.ts';
import { torture } from '../src/torture/torture.ts';
import { openTortureBench, type TortureBench } from '../test/support/torture-bench.ts';

const CALLS = 10;
const PAUSES = 8;
const PARALLEL = 3;

/** The torture kit against Hush: every scenario, more than 2,000 pauses in all. */
export async function benchTorture(): Promise<void> {
  const reports = await tortureBench(await openTortureBench(), process.env.SCENARIOS?.split(','));
  console.log(tableOf(reports));
  console.log(JSON.stringify({ clean: jsonOf(reports).clean }));
}

async function tortureBench(bench: TortureBench, names?: string[]): Promise<ScenarioReport[]> {
  try {
    const possible = scenarios.filter(({ isPossible }) => isPossible?.(bench) ?? true);
    return await torture({
      ...bench,
      scenarios: possible.filter(({ name }) => names?.includes(name) ?? true),
      ...{ calls: CALLS, pausesPerCall: PAUSES, seed: 1, crashWindowMs: 1_000 },
      parallel: PARALLEL,
      onProgress: (scenario, done, total) => {
        if (done === total) console.error(`  ${scenario}: ${total} rounds`);
      },
    });
  } finally {
    await bench.close();
    rmSync(bench.dataDir, { recursive: true, force: true });
  }
}
