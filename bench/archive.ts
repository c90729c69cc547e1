import { randomUUID } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedArchive } from '../src/archive/archive.ts';
import { InProcessBus } from '../src/bus/in-process.ts';
import { CallRegistry } from '../src/domain/call-registry.ts';
import { Erasures } from '../src/domain/erasures.ts';
import { Journal } from '../src/domain/journal.ts';
import { KeptRecordings } from '../src/domain/kept-recordings.ts';
import { partyKey } from '../src/domain/party-keys.ts';
import type { RecordingFilter, RecordingPlace } from '../src/domain/recording-search.ts';
import { SavingState } from '../src/domain/recording-state.ts';
import { segmentFile } from '../src/protocols/segment/sealed-chunk.ts';
import type { Database } from '../src/store/database.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { SqlStore } from '../src/store/store.ts';
import { StoredCall } from '../test/archive/stored-call.ts';
import { databaseKinds } from '../test/store/database-servers.ts';
import { aCall } from '../test/store/samples.ts';
import { temporaryFolder } from '../test/support/hush.ts';
import { archivedCalls, epoch, spacingMs } from './support/archived-calls.ts';
import { median, percentile } from './support/child.ts';

const RECORDINGS = 1_000_000;
const QUERIES = 300;
const SECONDS = 3_600;
const RATE = 8_000;
const SEEKS = 60;
const ROUNDS = 5;

/** Search in a million recordings, and what an hour of audio costs to seek in, draw and erase. */
export async function benchArchive(): Promise<void> {
  for (const kind of databaseKinds) {
    const server = await kind.start();
    try {
      await benchSearch(kind.name, (await server.empty()).connect());
    } finally {
      await server.stop();
    }
  }
  await benchHour();
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
      ...{ agent: partyKey(`sip:agent-${Math.floor(random() * 500)}@x`) },
      ...{ gapReason: 'api', minLengthMs: 60_000 },
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

async function timed(count: number, run: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
  }
  return times;
}

/** Two tracks of G.711, an hour long. */
async function anHour(): Promise<StoredCall> {
  const call = new StoredCall();
  const packet = new Uint8Array(160);
  for (const role of ['agent', 'other'] as const) {
    const track = call.track('PCMU', RATE, { role });
    for (let at = 0; at < SECONDS * RATE; at += packet.length) {
      packet.fill((at / 160) % 251);
      track.add(at, packet);
      // The disk is given its turn.
      if (at % (RATE * 60) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return call.end();
}

async function benchHour(): Promise<void> {
  const call = await anHour();
  const store = await SqlStore.open(openSqlite(join(temporaryFolder(), 'hush.sqlite')));
  const segments = [...new Map(call.segments.map((one) => [one.track, one])).values()];
  const record = aCall({
    ...{ id: call.callId, status: 'kept', lengthMs: SECONDS * 1_000, legalHold: null },
  });
  await store.commit({ call: record, tracks: call.tracks, segments });
  const archive = call.archive(store, 1);
  await benchListening(call, archive);
  await benchErasure(call, store, archive);
  await archive.close();
  await store.close();
  call.remove();
}

async function benchListening({ callId }: StoredCall, archive: SealedArchive): Promise<void> {
  const whole = await once(async () => {
    const playback = await archive.play(callId);
    for await (const _ of playback.frames());
    await playback.close();
  });
  const seeks = await timed(SEEKS, async () => {
    const playback = await archive.play(callId);
    const start = 44 + Math.floor(Math.random() * (SECONDS - 1)) * RATE * 4;
    for await (const _ of playback.wav(start, start + RATE * 4));
    await playback.close();
  });
  const share = ((median(seeks) / whole) * 100).toFixed(1);
  console.log(
    `  an hour of two G.711 tracks; decoding and mixing all of it: ${whole.toFixed(0)} ms\n` +
      `    open it, and hear a second somewhere in it: p50 ${median(seeks).toFixed(1)}  ` +
      `p99 ${percentile(seeks, 0.99).toFixed(1)} ms, ${share} % of that`,
  );
  const peaks = await once(() => archive.peaks(callId));
  const again = await once(() => archive.peaks(callId));
  console.log(
    `    wave form of the hour: ${peaks.toFixed(0)} ms, ${(peaks / whole).toFixed(2)} times that; ` +
      `asked for again: ${again.toFixed(1)} ms`,
  );
}

/** Each a minute somewhere else, beside a durable copy of the files that it seals anew. */
async function benchErasure(
  { callId, recordingsDir }: StoredCall,
  store: SqlStore,
  archive: SealedArchive,
): Promise<void> {
  const journal = new Journal({ store, bus: new InProcessBus(() => undefined), clock });
  const erasures = new Erasures({
    ...{ store, keeping: store.keeping, archive, journal, clock },
    kept: new KeptRecordings({ calls: new CallRegistry(), store }),
    alarms: { raise: ({ detail }) => console.log(`    ! ${detail}`) },
  });
  const rounds: { erase: number; copy: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const files = [0, 1].map((track) =>
      join(recordingsDir, segmentFile({ callId, track, segment: 0, generation: round })),
    );
    const copy = await once(() => Promise.all(files.map(copyDurably)));
    for (const file of files) rmSync(`${file}.copy`);
    const start = (round + 1) * 600_000;
    const interval = { start, end: start + 60_000 };
    const erase = await once(async () => {
      const asked = { callId, interval, reason: 'bench', requestedBy: 'bench' };
      const { state } = await erasures.erase(asked);
      if (state !== 'done') throw new Error(state);
    });
    rounds.push({ erase, copy });
  }
  const ratios = rounds.map(({ erase, copy }) => erase / copy);
  console.log(
    `    erase a minute of it: ${median(rounds.map(({ erase }) => erase)).toFixed(0)} ms, ` +
      `${median(ratios).toFixed(1)} times (${Math.min(...ratios).toFixed(1)} to ` +
      `${Math.max(...ratios).toFixed(1)}) a durable copy of its files ` +
      `(${median(rounds.map(({ copy }) => copy)).toFixed(0)} ms)`,
  );
}

const clock = { now: () => Date.now() };

async function once(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

async function copyDurably(file: string): Promise<void> {
  const to = `${file}.copy`;
  copyFileSync(file, to);
  const handle = await open(to, 'r+');
  await handle.sync();
  await handle.close();
}
