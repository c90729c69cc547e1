import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { soak } from '../src/torture/soak/soak.ts';
import { soakTable } from '../src/torture/soak/soak-report.ts';
import { openTortureBench } from '../test/support/audio/torture-bench.ts';
import { ResourceWatch } from './support/machine.ts';

const DIALOGUES = 24;
const STRIKE_EVERY_MS = [4_000, 12_000] as const;
const MS_PER_MINUTE = 60_000;

/** Runs chaos on one Hush: `npm run bench -- soak --minutes 15 --seed 1 [--calm] [--keep]`. */
export async function benchSoak(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      dialogues: { type: 'string', default: String(DIALOGUES) },
      calm: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const bench = await openTortureBench({ shutdown: 'handover' });
  const watch = new ResourceWatch(() => bench.recorder.pid);
  let told = 0;
  try {
    const report = await soak({
      ...bench,
      dialogues: Number(values.dialogues),
      durationMs: Number(values.minutes) * MS_PER_MINUTE,
      seed: Number(values.seed),
      crashWindowMs: 1_000,
      strikeEveryMs: STRIKE_EVERY_MS,
      weather: values.calm ? 'calm' : 'rough',
      onProgress: ({ dialogues, pauses, leaked, unexplained, faults, findings }) => {
        console.error(
          `  ${dialogues} dialogues, ${pauses} pauses: ${leaked} leaked, ` +
            `${unexplained} unexplained, ${faults.length} faults`,
        );
        for (const finding of findings.slice(told)) console.error(`    ${finding}`);
        told = findings.length;
      },
    });
    console.log(soakTable(report));
    console.log(watch.end());
    console.log(JSON.stringify({ clean: report.isClean }));
    if (!report.isClean) process.exitCode = 1;
  } finally {
    watch.end();
    await bench.close();
    if (values.keep) console.log(`data: ${bench.dataDir}`);
    else rmSync(bench.dataDir, { recursive: true, force: true });
  }
}
