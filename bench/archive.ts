import { copyFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SealedArchive } from '../src/archive/archive.ts';
import { InProcessBus } from '../src/bus/in-process.ts';
import { CallRegistry } from '../src/domain/call/call-registry.ts';
import { Journal } from '../src/domain/call/journal.ts';
import { Erasures } from '../src/domain/recording/erasures.ts';
import { RecordingLock } from '../src/domain/recording/recording-lock.ts';
import { segmentFile } from '../src/protocols/segment/sealed-chunk.ts';
import { openSqlite } from '../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../src/store/store.ts';
import { StoredCall } from '../test/archive/stored-call.ts';
import { aCall } from '../test/store/samples.ts';
import { temporaryFolder } from '../test/support/hush/hush.ts';
import { benchLongRecordings } from './archive-long.ts';
import { benchArchiveSearch } from './archive-search.ts';
import { median, percentile } from './support/child.ts';
import { timed } from './support/timed.ts';

const SECONDS = 3_600;
const RATE = 8_000;
const SEEKS = 60;
const ROUNDS = 5;

/**
 * Measures searches in a million recordings, the cost of seeking in, drawing and erasing an hour of
 * audio, and the memory for three hours of it. `--only search`, `hour` or `long` runs one of them;
 * `--codec L16`, `--hours 1` and `--operations erase,upload` run a part of `long`.
 */
export async function benchArchive(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      codec: { type: 'string' },
      hours: { type: 'string' },
      operations: { type: 'string' },
    },
    allowPositionals: true,
  });
  const long = () => benchLongRecordings(values);
  const parts = { search: benchArchiveSearch, hour: benchHour, long };
  for (const [name, run] of Object.entries(parts)) {
    if (values.only === undefined || values.only === name) await run();
  }
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
      // Lets the disk catch up.
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
    id: call.callId,
    status: 'kept',
    lengthMs: SECONDS * 1_000,
    legalHold: null,
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

/**
 * Erases a minute each at different places, beside a durable copy of the files that are sealed
 * anew.
 */
async function benchErasure(
  { callId, recordingsDir }: StoredCall,
  store: SqlStore,
  archive: SealedArchive,
): Promise<void> {
  const journal = new Journal({ store, bus: new InProcessBus(() => undefined), clock });
  const erasures = new Erasures({
    store,
    keeping: store.keeping,
    archive,
    journal,
    clock,
    kept: new RecordingLock({ calls: new CallRegistry(), store }),
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
