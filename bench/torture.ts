import { rmSync } from 'node:fs';
import { jsonOf, type ScenarioReport, tableOf } from '../src/torture/report.ts';
import type { Scenario } from '../src/torture/scenarios/scenario.ts';
import { scenarios } from '../src/torture/scenarios/scenarios.ts';
import { torture } from '../src/torture/torture.ts';
import { openTortureBench, type TortureBench } from '../test/support/audio/torture-bench.ts';
import { canMount, openFullLogBench } from '../test/support/full-log-bench.ts';

const CALLS = 10;
const PAUSES = 8;
const PARALLEL = 2;

/**
 * Runs the torture kit against Hush: every scenario, more than 2,000 pauses in all. `SCENARIOS`
 * selects some of them, `SEED` another run.
 */
export async function benchTorture(): Promise<void> {
  const names = process.env.SCENARIOS?.split(',');
  const wanted = scenarios.filter(({ name }) => names?.includes(name) ?? true);
  const reports = await tortured(await openTortureBench(), wanted);
  for (const scenario of wanted.filter(({ name }) => name === 'log disk full')) {
    reports.push(...(await logScenarios(scenario)));
  }
  console.log(tableOf(reports));
  console.log(JSON.stringify({ clean: jsonOf(reports).clean }));
}

/**
 * Runs each scenario against a recorder of its own that logs to a full pipe or, if one can be made,
 * a full disk.
 */
async function logScenarios(scenario: Scenario): Promise<ScenarioReport[]> {
  const pipe = await tortured(await openFullLogBench('pipe'), [
    { ...scenario, name: 'log pipe full' },
  ]);
  const disk = canMount() ? await tortured(await openFullLogBench('disk'), [scenario]) : [];
  return [...pipe, ...disk];
}

async function tortured(
  bench: TortureBench,
  wanted: readonly Scenario[],
): Promise<ScenarioReport[]> {
  const seed = Number(process.env.SEED ?? 1);
  try {
    return await torture({
      ...bench,
      scenarios: wanted.filter(({ isPossible }) => isPossible?.(bench) ?? true),
      calls: CALLS,
      pausesPerCall: PAUSES,
      seed,
      crashWindowMs: 1_000,
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
