import { SealedArchive } from '../../../src/archive/archive.ts';
import type { AudioFiles } from '../../../src/archive/files/audio-files.ts';
import { openFiles, SpooledFiles } from '../../../src/archive/files/open-files.ts';
import type { S3Settings } from '../../../src/archive/files/s3-files.ts';
import { Uploader } from '../../../src/archive/files/uploader.ts';
import { InProcessBus } from '../../../src/bus/in-process.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';
import { Journal } from '../../../src/domain/call/journal.ts';
import { Erasures } from '../../../src/domain/recording/erasures.ts';
import { RecordingLock } from '../../../src/domain/recording/recording-lock.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { openPostgres } from '../../../src/store/postgres/postgres.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import type { Mortal } from './mortal.ts';

/** A recording and its rows, in plain values that cross to another process. */
export interface ErasurePlace {
  readonly callId: string;
  readonly recordingsDir: string;
  /** Hex. */
  readonly masterKey: string;
  readonly s3?: S3Settings | undefined;
  readonly database: { readonly file: string } | { readonly url: string };
}

export function openStore({ database }: ErasurePlace): Promise<SqlStore> {
  const onConnectionLost = (): void => undefined;
  return SqlStore.open(
    'file' in database
      ? openSqlite(database.file)
      : openPostgres({ url: database.url, maxConnections: 4, timeoutMs: 5_000, onConnectionLost }),
  );
}

export function filesOf({ recordingsDir, s3 }: ErasurePlace): AudioFiles {
  return openFiles({ recordingsDir, s3 });
}

export function keysOf({ masterKey }: ErasurePlace): KeyRing {
  return new KeyRing([Buffer.from(masterKey, 'hex')]);
}

export function archiveOf(
  place: ErasurePlace,
  store: SqlStore,
  { files = filesOf(place), keeping = store.keeping, keys = keysOf(place), maxExports = 0 } = {},
): SealedArchive {
  const filesSettings = { recordingsDir: place.recordingsDir, s3: place.s3 };
  return new SealedArchive({ files, filesSettings, keys, store, keeping, maxExports });
}

/** Moves files on disk to the bucket, until it is closed. */
export function uploaderOf(
  place: ErasurePlace,
  store: SqlStore,
  onError: (cause: unknown) => void,
): Uploader {
  const files = filesOf(place);
  if (!(files instanceof SpooledFiles)) throw new Error('there is no bucket');
  const kept = new RecordingLock({ calls: new CallRegistry(), store });
  return new Uploader({
    disk: files.disk,
    bucket: files.bucket,
    store,
    onError,
    firstRetryMs: 20,
    maxRetryMs: 100,
    maxSpoolBytes: 1e12,
    alarms: { raise: () => undefined },
    exclusively: (callId, upload) => kept.run(callId, upload),
  });
}

/** Erasures as one process has them, any step of which may be its last. */
export function erasuresOf(
  place: ErasurePlace,
  store: SqlStore,
  mortal: Mortal,
  onAlarm: (detail: string) => void = () => undefined,
): Erasures {
  const [lives, keeping, files] = [
    mortal.of(store),
    mortal.of(store.keeping),
    mortal.of(filesOf(place)),
  ];
  const clock = { now: () => Date.now() };
  const bus = new InProcessBus(() => undefined);
  return new Erasures({
    store: lives,
    keeping,
    clock,
    journal: new Journal({ store: lives, bus, clock }),
    kept: new RecordingLock({ calls: new CallRegistry(), store: lives }),
    archive: archiveOf(place, lives, { files, keeping }),
    alarms: { raise: ({ detail }) => onAlarm(detail) },
  });
}
