import { jsonOf, tableOf } from '../src/torture/report.ts';
import { scenarios } from '../src/torture/scenarios.ts';
import { torture } from '../src/torture/torture.ts';
import { openTortureBench } from '../test/support/torture-bench.ts';

const CALLS = 10;
const PAUSES = 10;

/** The torture kit against Hush: every scenario, more than 1,000 pauses in all. */
export async function benchTorture(): Promise<void> {
  const bench = await openTortureBench();
  try {
    const reports = await torture({
      ...{
        ...bench,
        scenarios,
        calls: CALLS,
        pausesPerCall: PAUSES,
        seed: 1,
        crashWindowMs: 1_000,
      },
      onProgress: (scenario, done, total) => {
        if (done === total) console.error(`  ${scenario}: ${total} pauses`);
      },
    });
    console.log(tableOf(reports));
    console.log(JSON.stringify({ clean: jsonOf(reports).clean }));
  } finally {
    await bench.close();
  }
}
