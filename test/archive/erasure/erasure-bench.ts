import { randomUUID } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { AudioFiles } from '../../../src/archive/files/audio-files.ts';
import { embeddedMasterKeys } from '../../../src/archive/keys/master-key.ts';
import type { Span } from '../../../src/domain/common/span.ts';
import { AudioAwayError, AudioMissingError } from '../../../src/domain/model/errors.ts';
import type { Erasures } from '../../../src/domain/recording/erasures.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import type { SqlStore } from '../../../src/store/store.ts';
import type { DatabaseServer } from '../../store/database-servers.ts';
import { aCall } from '../../store/samples.ts';
import { tone } from '../../support/audio/tones.ts';
import type { S3Server } from '../../support/bucket/s3-server.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { rowsOf } from '../damage/damage.ts';
import { mulaw, StoredCall } from '../stored-call.ts';
import { archiveOf, type ErasurePlace, erasuresOf, filesOf, openStore } from './erasure-parts.ts';
import type { Mortal } from './mortal.ts';

export const LENGTH_MS = 2_000;
export const rate = 8_000;

export interface BenchOptions {
  readonly s3?: S3Server | undefined;
  /** PostgreSQL server; by default the rows are in an SQLite file. */
  readonly postgres?: DatabaseServer | undefined;
  /** Records the call; by default two tracks of G.711 with a Pause between two segments. */
  record?(call: StoredCall): Promise<void>;
}

/** A recording, and the processes that work on it one after the other. */
export class ErasureBench {
  readonly call = new StoredCall();
  readonly databaseFile: string;
  /** Holds the audio once the bench is prepared with it. */
  s3: S3Server | undefined;
  readonly #options: BenchOptions;
  readonly #folder = temporaryFolder();
  #url: string | undefined;
  #template: string | undefined;
  before: Int16Array = new Int16Array();
  sealed: Buffer[] = [];
  keys: string[] = [];

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.s3 = options.s3;
    this.databaseFile = join(this.#folder, 'hush.sqlite');
  }

  /** True when rows hold wrapped keys as they were given. */
  get isOnPostgres(): boolean {
    return this.#options.postgres !== undefined;
  }

  get files(): AudioFiles {
    return filesOf(this.place);
  }

  get place(): ErasurePlace {
    const { callId, recordingsDir, masterKey } = this.call;
    const database = this.#url === undefined ? { file: this.databaseFile } : { url: this.#url };
    const s3 = this.s3?.settings;
    return { callId, recordingsDir, masterKey: masterKey.toString('hex'), s3, database };
  }

  async prepare(): Promise<void> {
    const { call } = this;
    const { postgres, record = twoTones } = this.#options;
    await record(call);
    await call.end();
    if (this.s3) await this.#move();
    if (postgres) this.#url = (await postgres.empty()).url;
    const store = await this.open();
    const row = { id: call.callId, status: 'kept', lengthMs: LENGTH_MS } as const;
    await store.commit({
      call: aCall({ ...row, legalHold: null, gaps: null }),
      tracks: call.tracks,
      segments: rowsOf(call),
    });
    const { gaps } = await archiveOf(this.place, store).finish(call.callId);
    await store.commit({ gaps });
    this.sealed = this.stored();
    this.before = await this.heard(store);
    this.keys = rowsOf(call).map(({ wrappedKey }) => wrappedKey?.toString('base64') ?? '');
    await store.close();
    if (!postgres) this.keys = this.#storedKeys();
    await this.#keepTemplate();
  }

  /** Returns the keys as the database's rows hold them. */
  #storedKeys(): string[] {
    const database = new DatabaseSync(this.databaseFile, { readOnly: true });
    const rows = database.prepare('select wrapped_key from segments').all();
    database.close();
    return rows.map(({ wrapped_key: key }) => String(key));
  }

  /** Returns all sealed bytes, wherever they are stored. */
  stored(): Buffer[] {
    const { callId, recordingsDir } = this.call;
    const onDisk = contentsOf(join(recordingsDir, callId), '.seg');
    if (!this.s3) return onDisk;
    // The server keeps an object's bytes in a file beside its metadata.
    return [
      ...onDisk,
      ...contentsOf(join(this.s3.folder, 'recordings', 'hush', callId), '_object'),
    ];
  }

  /** Returns the audio that a new process plays; empty if it refuses because audio is missing. */
  async heard(store: SqlStore, keyFile?: string): Promise<Int16Array> {
    const keys =
      keyFile === undefined ? {} : { keys: new KeyRing(embeddedMasterKeys(keyFile).keys) };
    const archive = archiveOf(this.place, store, keys);
    const playback = await archive.play(this.call.callId).catch(nothing);
    if (!playback) return new Int16Array();
    const pieces: Buffer[] = [];
    for await (const piece of playback.wav(WAV_HEADER_BYTES)) pieces.push(piece);
    await playback.close();
    const bytes = Buffer.concat(pieces);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  /** Runs one process until it has done its task, or died. */
  async process(
    store: SqlStore,
    mortal: Mortal,
    run: (erasures: Erasures) => Promise<unknown>,
  ): Promise<void> {
    await run(erasuresOf(this.place, store, mortal)).catch(() => undefined);
  }

  open(): Promise<SqlStore> {
    return openStore(this.place);
  }

  /** Restores the prepared state. */
  async restore(): Promise<void> {
    if (this.#template === undefined) {
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(this.databaseFile + suffix, { force: true });
      copyFileSync(`${this.databaseFile}.template`, this.databaseFile);
    } else this.#url = await cloneOf(this.#template, this.#url);
    for (const [folder, template] of this.#folders()) {
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(template)) cpSync(template, folder, { recursive: true });
    }
  }

  remove(): void {
    this.call.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #keepTemplate(): Promise<void> {
    if (this.#url === undefined) copyFileSync(this.databaseFile, `${this.databaseFile}.template`);
    else {
      this.#template = this.#url;
      this.#url = await cloneOf(this.#template);
    }
    for (const [folder, template] of this.#folders()) {
      if (existsSync(folder)) cpSync(folder, template, { recursive: true });
    }
  }

  /** Returns the folders of its audio, each with the folder of its copy. */
  #folders(): [string, string][] {
    const { callId, recordingsDir } = this.call;
    const folders = [
      join(recordingsDir, callId),
      ...(this.s3 ? [join(this.s3.folder, 'recordings', 'hush', callId)] : []),
    ];
    return folders.map((folder, index) => [folder, join(this.#folder, `template-${index}`)]);
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

async function twoTones(call: StoredCall): Promise<void> {
  for (const frequency of [440, 660]) {
    const track = call.track('PCMU', rate);
    const codes = mulaw(tone(rate, LENGTH_MS / 1000, frequency));
    for (let at = 0; at < codes.length; at += 160) {
      if (at === rate) track.pause('api');
      track.add(at, codes.subarray(at, at + 160));
    }
  }
}

/** Clones a database to which nobody is connected. */
async function cloneOf(url: string, before?: string): Promise<string> {
  const name = (of: string): string => new URL(of).pathname.slice(1);
  const to = (database: string) => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  const client = new pg.Client({ connectionString: to('postgres') });
  await client.connect();
  const clone = `clone_${randomUUID().replaceAll('-', '')}`;
  if (before) await client.query(`drop database if exists ${name(before)} with (force)`);
  await client.query(`create database ${clone} template ${name(url)}`);
  await client.end();
  return to(clone);
}

function contentsOf(folder: string, ending: string): Buffer[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(join(folder, name)));
}

/** Returns the samples of an interval, both channels. */
export function within(pcm: Int16Array, { start, end }: Span): Int16Array {
  return pcm.subarray((start * rate * 2) / 1000, (end * rate * 2) / 1000);
}

export const isSilent = (pcm: Int16Array): boolean => pcm.every((sample) => sample === 0);
export const isSame = (a: Int16Array, b: Int16Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );

function nothing(cause: unknown): undefined {
  if (!(cause instanceof AudioMissingError || cause instanceof AudioAwayError)) throw cause;
}
