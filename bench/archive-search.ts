import { randomUUID } from 'node:crypto';
import { partyKey } from '../src/domain/identifiers/party-keys.ts';
import { SavingState } from '../src/domain/model/recording-state.ts';
import type { RecordingFilter, RecordingPlace } from '../src/domain/ports/recording-search.ts';
import type { Database } from '../src/store/rows/database.ts';
import { SqlStore } from '../src/store/store.ts';
import { databaseKinds } from '../test/store/database-servers.ts';
import { archivedCalls, epoch, spacingMs } from './support/archived-calls.ts';
import { median, percentile } from './support/child.ts';
import { timed } from './support/timed.ts';

const RECORDINGS = 1_000_000;
const QUERIES = 300;

/** Measures searches in a million recordings, on both databases. */
export async function benchArchiveSearch(): Promise<void> {
  for (const kind of databaseKinds) {
    const server = await kind.start();
    try {
      await benchSearch(kind.name, (await server.empty()).connect());
    } finally {
      await server.stop();
    }
  }
}

interface Search {
  readonly name: string;
  filter(random: () => number): Partial<RecordingFilter>;
}

const span = RECORDINGS * spacingMs;
const within = (random: () => number): RecordingPlace => ({
  beganAt: epoch + Math.floor(random() * span),
  id: randomUUID(),
});
const searches: readonly Search[] = [
  { name: 'newest', filter: () => ({}) },
  { name: 'a page in the middle', filter: (random) => ({ before: within(random) }) },
  {
    name: 'of one UCC, in the middle',
    filter: (random) => ({ uccs: [`ucc-${Math.floor(random() * 20)}`], before: within(random) }),
  },
  {
    name: 'of five UCCs, in the middle',
    filter: (random) => ({
      uccs: ['ucc-1', 'ucc-3', 'ucc-5', 'ucc-7', 'ucc-9'],
      before: within(random),
    }),
  },
  {
    name: 'of an agent',
    filter: (random) => ({ agent: partyKey(`sip:agent-${Math.floor(random() * 500)}@x`) }),
  },
  {
    name: 'of a caller’s number',
    filter: (random) => ({ party: partyKey(`+3188${Math.floor(random() * RECORDINGS)}`) }),
  },
  { name: 'of one day', filter: (random) => day(random) },
  { name: 'marked', filter: (random) => ({ marked: true, before: within(random) }) },
  { name: 'saved', filter: (random) => ({ saving: SavingState.Save, before: within(random) }) },
  {
    name: 'over an hour long',
    filter: (random) => ({ minLengthMs: 3_600_000, before: within(random) }),
  },
  {
    name: 'with a gap: erased',
    filter: (random) => ({ gapReason: 'erased', before: within(random) }),
  },
  { name: 'nothing matches', filter: (random) => ({ minGapMs: 1e12, before: within(random) }) },
  {
    name: 'of an agent, with a pause, not short',
    filter: (random) => ({
      agent: partyKey(`sip:agent-${Math.floor(random() * 500)}@x`),
      gapReason: 'api',
      minLengthMs: 60_000,
    }),
  },
];

function day(random: () => number): Partial<RecordingFilter> {
  const from = epoch + Math.floor(random() * (span - 86_400_000));
  return { from, to: from + 86_400_000 };
}

async function benchSearch(name: string, database: Database): Promise<void> {
  const store = await SqlStore.open(database);
  const ids = await archivedCalls(database, RECORDINGS);
  const baseline = await timed(QUERIES, async () => {
    await store.call(ids(Math.floor(Math.random() * RECORDINGS)));
  });
  const base = median(baseline);
  console.log(
    `  ${name}, ${RECORDINGS} recordings; reading one by its id: p50 ${base.toFixed(2)} ms, ` +
      `p99 ${percentile(baseline, 0.99).toFixed(2)} ms`,
  );
  for (const { name: what, filter } of searches) {
    let found = 0;
    const times = await timed(QUERIES, async () => {
      const { records } = await store.recordings({ limit: 50, ...filter(Math.random) });
      found += records.length;
    });
    const [p50, p99] = [median(times), percentile(times, 0.99)];
    console.log(
      `    ${what.padEnd(38)} p50 ${p50.toFixed(2).padStart(7)}  p99 ${p99.toFixed(2).padStart(7)} ms, ` +
        `${(p50 / base).toFixed(0).padStart(4)} and ${(p99 / base).toFixed(0).padStart(4)} times that; ` +
        `${(found / QUERIES).toFixed(0)} a page`,
    );
  }
  await store.close();
}
