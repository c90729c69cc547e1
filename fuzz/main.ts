import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type FuzzReport, fuzz, type Surface, surfaces } from './run.ts';

const DEFAULT_SECONDS = 600;
const MEBIBYTE = 1024 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' } },
});
const unknown = positionals.filter((name) => !(surfaces as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error('usage: npm run fuzz -- [http|sip|hub|rtp ...] [--seconds N] [--seed S]');
  process.exitCode = 2;
} else await run(positionals.length === 0 ? surfaces : (positionals as Surface[]));

async function run(chosen: readonly Surface[]): Promise<void> {
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  for (const surface of chosen) {
    console.log(`fuzz ${surface}: ${seconds} s, seed ${seed}`);
    const onProgress = (line: string): void => console.log(`  ${line}`);
    const report = await fuzz(surface, { seconds, seed, onProgress });
    const { cases, statuses, findings, firstBytes, lastBytes, growthBytesPerMinute } = report;
    console.log(
      `  ${cases} cases, answers ${JSON.stringify(statuses)}; memory ${mebibytes(firstBytes)} to ` +
        `${mebibytes(lastBytes)} MiB, ${mebibytes(growthBytesPerMinute)} MiB a minute; ` +
        `${findings.length} findings`,
    );
    for (const { what, sent } of findings) console.log(`  FOUND ${what}: ${sent}`);
    // One line for scripts, and for people in a hurry.
    const verdict = findings.length === 0 ? 'PASS' : 'FAIL';
    console.log(`VERDICT fuzz ${surface} ${verdict}: ${verdictOf(report, seconds)}`);
    if (findings.length > 0) process.exitCode = 1;
  }
}

function verdictOf({ cases, findings, seed }: FuzzReport, seconds: number): string {
  return `${findings.length} findings in ${cases} cases, ${seconds} s, seed ${seed}`;
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1);
}
