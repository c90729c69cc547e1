import { parseArgs } from 'node:util';
import { churnStore, disturbances } from '../test/support/hush/store-churn.ts';

const ROUNDS = 50;
const CALLS = 4;

/**
 * Runs with a PostgreSQL server that restarts again and again: `npm run bench -- store --rounds
 * 50`.
 */
export async function benchStore(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: String(ROUNDS) } },
    allowPositionals: true,
  });
  const rounds = Array.from(
    { length: Number(values.rounds) },
    (_, round) => disturbances[round % disturbances.length] ?? 'restart',
  );
  const report = await churnStore({
    rounds,
    calls: CALLS,
    onRound: (round, disturbance) => console.error(`  ${round + 1}: ${disturbance}`),
  });
  const { lost, unsaid, untrue, deaths, leaked } = report;
  console.log(JSON.stringify(report, null, 2));
  const isClean = deaths + leaked + lost.length + unsaid.length + untrue.length === 0;
  console.log(JSON.stringify({ clean: isClean }));
  if (!isClean) process.exitCode = 1;
}
