import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SealedArchive } from '../../src/archive/archive.ts';
import type { AudioFiles } from '../../src/archive/audio-files.ts';
import { embeddedMasterKeys } from '../../src/archive/master-key.ts';
import { openFiles } from '../../src/archive/open-files.ts';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { CallRegistry } from '../../src/domain/call-registry.ts';
import { Erasures } from '../../src/domain/erasures.ts';
import { AudioMissingError } from '../../src/domain/errors.ts';
import type { Span } from '../../src/domain/gap-map.ts';
import { Journal } from '../../src/domain/journal.ts';
import { KeptRecordings } from '../../src/domain/kept-recordings.ts';
import { KeyRing } from '../../src/protocols/segment/key-ring.ts';
import { WAV_HEADER_BYTES } from '../../src/protocols/wav/wav-header.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { aCall } from '../store/samples.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tone } from '../support/tones.ts';
import type { Mortal } from './mortal.ts';
import { mulaw, StoredCall } from './stored-call.ts';

const silentBus = new InProcessBus(() => undefined);
const clock = { now: () => Date.now() };
export const LENGTH_MS = 2_000;
export const rate = 8_000;

/** A recording, and what one process after the other does with it. */
export class ErasureBench {
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
    this.keys = this.#storedKeys();
    this.#keepTemplate();
  }

  /** Keys as the database's rows have them. */
  #storedKeys(): string[] {
    const database = new DatabaseSync(this.databaseFile, { readOnly: true });
    const rows = database.prepare('select wrapped_key from segments').all();
    database.close();
    return rows.map(({ wrapped_key: key }) => String(key));
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

  /** What a process that is new finds; nothing where it refuses to play what is not there. */
  async heard(store: SqlStore, keyFile?: string): Promise<Int16Array> {
    const keys = keyFile === undefined ? undefined : new KeyRing(embeddedMasterKeys(keyFile).keys);
    const archive = this.#archive(store, this.files, store.keeping, keys);
    const playback = await archive.play(this.call.callId).catch(nothing);
    if (!playback) return new Int16Array();
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

  #archive(
    store: SqlStore,
    files: AudioFiles,
    keeping = store.keeping,
    keys = new KeyRing([this.call.masterKey]),
  ): SealedArchive {
    const filesSettings = { recordingsDir: this.call.recordingsDir };
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
export function within(pcm: Int16Array, { start, end }: Span): Int16Array {
  return pcm.subarray((start * rate * 2) / 1000, (end * rate * 2) / 1000);
}

export const isSilent = (pcm: Int16Array): boolean => pcm.every((sample) => sample === 0);
export const isSame = (a: Int16Array, b: Int16Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );

function nothing(cause: unknown): undefined {
  if (!(cause instanceof AudioMissingError)) throw cause;
}
