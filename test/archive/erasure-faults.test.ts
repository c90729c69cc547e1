import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SealedArchive } from '../../src/archive/archive.ts';
import type { AudioFiles } from '../../src/archive/audio-files.ts';
import { openFiles } from '../../src/archive/open-files.ts';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { CallRegistry } from '../../src/domain/call-registry.ts';
import type { ErasureRecord } from '../../src/domain/erasure.ts';
import { Erasures } from '../../src/domain/erasures.ts';
import type { Span } from '../../src/domain/gap-map.ts';
import { Journal } from '../../src/domain/journal.ts';
import { KeptRecordings } from '../../src/domain/kept-recordings.ts';
import { KeyRing } from '../../src/protocols/segment/key-ring.ts';
import { WAV_HEADER_BYTES } from '../../src/protocols/wav/wav-header.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { aCall } from '../store/samples.ts';
import { S3Server } from '../support/s3-server.ts';
import { tone } from '../support/tones.ts';
import { mulaw, StoredCall } from './stored-call.ts';

/** What a process does until it dies at one of its steps: before it, or right behind it. */
class Mortal {
  steps = 0;
  #dead = false;
  readonly #last: number;
  readonly #when: 'before' | 'behind';

  constructor(last: number, when: 'before' | 'behind') {
    this.#last = last;
    this.#when = when;
  }

  get died(): boolean {
    return this.#dead;
  }

  /** The same object, each of whose asynchronous methods is a step. */
  of<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        if (name === 'list') return (...parts: unknown[]) => this.#list(value.apply(object, parts));
        return (...parts: unknown[]) => this.#step(() => value.apply(object, parts));
      },
    });
  }

  async #step(run: () => unknown): Promise<unknown> {
    this.#mayDie('before');
    const result = await run();
    try {
      this.#mayDie('behind');
    } catch (cause) {
      // The system closes what a dead process had open.
      await (result as Partial<{ close(): Promise<void> }> | undefined)?.close?.();
      throw cause;
    }
    this.steps += 1;
    return result;
  }

  async *#list(files: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    this.#mayDie('before');
    yield* files;
  }

  #mayDie(when: 'before' | 'behind'): void {
    if (this.steps === this.#last && when === this.#when) this.#dead = true;
    if (this.#dead) throw new Error('the process died');
  }
}

const silentBus = new InProcessBus(() => undefined);
const clock = { now: () => Date.now() };
const LENGTH_MS = 2_000;
const rate = 8_000;

/** A recording, and what one process after the other does with it. */
class Bench {
  readonly call = new StoredCall();
  readonly databaseFile: string;
  readonly s3: S3Server | undefined;
  before: Int16Array = new Int16Array();
  sealed: Buffer[] = [];
  keys: string[] = [];

  constructor(s3: S3Server | undefined) {
    this.s3 = s3;
    this.databaseFile = join(this.call.recordingsDir, '..', `${this.call.callId}.sqlite`);
  }

  get files(): AudioFiles {
    return openFiles({ recordingsDir: this.call.recordingsDir, s3: this.s3?.settings });
  }

  async prepare(): Promise<void> {
    const { call } = this;
    for (const frequency of [440, 660]) {
      const track = call.track('PCMU', rate);
      const codes = mulaw(tone(rate, LENGTH_MS / 1000, frequency));
      for (let at = 0; at < codes.length; at += 160) {
        if (at === rate) track.pause('api');
        track.add(at, codes.subarray(at, at + 160));
      }
    }
    await call.end();
    const segments = [...new Map(call.segments.map((one) => [`${one.track}/${one.segment}`, one]))];
    this.keys = segments.map(([, { wrappedKey }]) => wrappedKey?.toString('base64') ?? '');
    if (this.s3) await this.#move();
    const store = await this.open();
    const record = { id: call.callId, status: 'kept', lengthMs: LENGTH_MS } as const;
    await store.commit({
      call: aCall({ ...record, legalHold: null, gaps: null }),
      ...{ tracks: call.tracks, segments: segments.map(([, one]) => one) },
    });
    this.sealed = this.stored();
    this.before = await this.heard(store);
    await store.close();
    this.#keepTemplate();
  }

  /** All sealed bytes that lie anywhere. */
  stored(): Buffer[] {
    const { callId, recordingsDir } = this.call;
    const onDisk = contentsOf(join(recordingsDir, callId), '.seg');
    if (!this.s3) return onDisk;
    // The server keeps an object's bytes in a file beside what it knows of it.
    return [
      ...onDisk,
      ...contentsOf(join(this.s3.folder, 'recordings', 'hush', callId), '_object'),
    ];
  }

  /** What a process that is new finds. */
  async heard(store: SqlStore): Promise<Int16Array> {
    const playback = await this.#archive(store, this.files).play(this.call.callId);
    const pieces: Buffer[] = [];
    for await (const piece of playback.wav(WAV_HEADER_BYTES)) pieces.push(piece);
    await playback.close();
    const bytes = Buffer.concat(pieces);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  /** One process: until it has done what it was asked, or died. */
  async process(
    store: SqlStore,
    mortal: Mortal,
    run: (erasures: Erasures) => Promise<unknown>,
  ): Promise<void> {
    const [lives, keeping] = [mortal.of(store), mortal.of(store.keeping)];
    const journal = new Journal({ store: lives, bus: silentBus, clock });
    const erasures = new Erasures({
      ...{ store: lives, keeping, journal, clock },
      kept: new KeptRecordings({ calls: new CallRegistry(), store: lives }),
      archive: this.#archive(lives, mortal.of(this.files), keeping),
      alarms: { raise: () => undefined },
    });
    await run(erasures).catch(() => undefined);
  }

  open(): Promise<SqlStore> {
    return SqlStore.open(openSqlite(this.databaseFile));
  }

  /** As it was when it was prepared. */
  async restore(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.databaseFile + suffix, { force: true });
    copyFileSync(`${this.databaseFile}.template`, this.databaseFile);
    for (const [folder, template] of this.#folders()) {
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(template)) cpSync(template, folder, { recursive: true });
    }
  }

  #keepTemplate(): void {
    copyFileSync(this.databaseFile, `${this.databaseFile}.template`);
    for (const [folder, template] of this.#folders()) {
      if (existsSync(folder)) cpSync(folder, template, { recursive: true });
    }
  }

  /** Where its audio lies, each with where a copy of that is kept. */
  #folders(): [string, string][] {
    const { callId, recordingsDir } = this.call;
    const folders = [
      join(recordingsDir, callId),
      ...(this.s3 ? [join(this.s3.folder, 'recordings', 'hush', callId)] : []),
    ];
    return folders.map((folder, index) => [folder, join(recordingsDir, `template-${index}`)]);
  }

  #archive(store: SqlStore, files: AudioFiles, keeping = store.keeping): SealedArchive {
    const filesSettings = { recordingsDir: this.call.recordingsDir };
    const keys = new KeyRing([this.call.masterKey]);
    return new SealedArchive({ files, filesSettings, keys, store, keeping, maxExports: 0 });
  }

  async #move(): Promise<void> {
    const files = this.files as AudioFiles & { disk: AudioFiles; bucket: AudioFiles };
    for await (const { path } of files.disk.list(this.call.callId)) {
      const file = await files.disk.open(path);
      await files.bucket.write(path, (await file?.read(0, file.size)) ?? Buffer.alloc(0));
      await file?.close();
      await files.disk.remove(path);
    }
  }
}

function contentsOf(folder: string, ending: string): Buffer[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(join(folder, name)));
}

/** Where the samples of an interval lie, both channels. */
function within(pcm: Int16Array, { start, end }: Span): Int16Array {
  return pcm.subarray((start * rate * 2) / 1000, (end * rate * 2) / 1000);
}

const isSilent = (pcm: Int16Array): boolean => pcm.every((sample) => sample === 0);
const isSame = (a: Int16Array, b: Int16Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );

let s3: S3Server;
beforeAll(async () => {
  s3 = await S3Server.start();
});
afterAll(() => s3.remove());

const short = { start: 500, end: 750 };
const cases = [
  ['an interval on disk', short, 'behind', false],
  ['an interval over two segments on disk', { start: 750, end: 1_500 }, 'before', false],
  ['a whole recording on disk', null, 'behind', false],
  ['an interval in a bucket', short, 'behind', true],
  ['a whole recording in a bucket', null, 'before', true],
] as const;

describe('an erasure whose process dies', () => {
  it.each(cases)(
    'of %s: at each step it is as before, or erased',
    async (_, interval, when, inBucket) => {
      const bench = new Bench(inBucket ? s3 : undefined);
      await bench.prepare();
      const { callId } = bench.call;
      const asked = { callId, interval, reason: 'card number', requestedBy: 'zoe' };
      let last = 0;
      for (let isDone = false; !isDone; last += 1) {
        await bench.restore();
        const mortal = new Mortal(last, when);
        const first = await bench.open();
        await bench.process(first, mortal, (erasures) => erasures.erase(asked));
        await first.close();
        isDone = !mortal.died;
        const second = await bench.open();
        const [left] = await second.keeping.erasures({ callId });
        expectEither(bench, await bench.heard(second), left?.state ?? 'begun', interval);
        const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
        await bench.process(second, immortal, (erasures) => erasures.resume());
        const [receipt] = await second.keeping.erasures({ callId });
        const heard = await bench.heard(second);
        await second.close();
        if (receipt) expectErased(bench, heard, receipt, interval);
        else expect(isSame(heard, bench.before)).toBe(true);
        expect(receipt?.state ?? 'none', `step ${last}`).toBe(left ? 'done' : 'none');
      }
      bench.call.remove();
      expect(last).toBeGreaterThan(interval ? 12 : 8);
    },
  );
});

/** Nothing in between, and nothing that the receipt says is gone can be heard. */
function expectEither(bench: Bench, heard: Int16Array, state: string, interval: Span | null): void {
  if (state === 'begun') expect(isSame(heard, bench.before)).toBe(true);
  else if (!interval) expect(isSilent(heard)).toBe(true);
  else {
    expect(isSilent(within(heard, interval))).toBe(true);
    const { start, end } = interval;
    for (const rest of [
      { start: 0, end: start },
      { start: end, end: LENGTH_MS },
    ]) {
      expect(isSame(within(heard, rest), within(bench.before, rest))).toBe(true);
    }
  }
}

/** Keys and bytes are looked for where they were. */
function expectErased(
  bench: Bench,
  heard: Int16Array,
  { destroyed }: ErasureRecord,
  interval: Span | null,
): void {
  expectEither(bench, heard, 'done', interval);
  const all = bench.keys.length;
  expect(destroyed.length).toBe(
    interval ? (interval.start < 1_000 && interval.end > 1_000 ? 4 : 2) : all,
  );
  const database = readFileSync(bench.databaseFile, 'latin1');
  const gone = bench.keys.filter((key) => !database.includes(key));
  expect(gone.length).toBe(destroyed.length);
  const stored = bench.stored();
  expect(stored.length).toBe(interval ? all : 0);
  const kept = bench.sealed.filter((bytes) => {
    // A stretch of ciphertext that every sealed file of it has, index or not.
    const piece = bytes.subarray(200, 264);
    return stored.some((file) => file.includes(piece));
  });
  expect(kept.length).toBe(bench.sealed.length - destroyed.length);
}
