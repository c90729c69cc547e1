import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealedArchive } from '../../../src/archive/archive.ts';
import { DiskFiles } from '../../../src/archive/files/disk-files.ts';
import { SpooledFiles } from '../../../src/archive/files/open-files.ts';
import { S3Files } from '../../../src/archive/files/s3-files.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { aCall, anEvent, aSegment } from '../../store/samples.ts';
import { bucket, S3Server } from '../../support/bucket/s3-server.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { freePort } from '../../support/ports.ts';
import { Mortal } from './mortal.ts';

const callId = aCall().id;
const paths = [`${callId}/0-0.seg`, `${callId}/1-0.seg`];

describe('destroying a recording', () => {
  let folder = '';
  let recordingsDir = '';
  let store: SqlStore;
  let keys: string[] = [];
  beforeEach(async () => {
    folder = temporaryFolder();
    recordingsDir = join(folder, 'recordings');
    mkdirSync(join(recordingsDir, callId), { recursive: true });
    for (const path of paths) writeFileSync(join(recordingsDir, path), 'sealed');
    store = await SqlStore.open(openSqlite(join(folder, 'hush.sqlite')));
    await store.commit({
      call: aCall({ id: callId, status: 'live' }),
      segments: [0, 1].map((track) => aSegment(callId, { track, segment: 0, generation: 0 })),
      derived: [{ callId, kind: 'peaks', generation: 0, wrappedKey: Buffer.alloc(66, 7) }],
    });
    const database = new DatabaseSync(join(folder, 'hush.sqlite'));
    const rows = database.prepare(
      'select wrapped_key from segments union select wrapped_key from derived',
    );
    keys = rows.all().map(({ wrapped_key }) => String(wrapped_key));
    database.close();
    expect(keys).toHaveLength(3);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function archiveOf(files: SpooledFiles | DiskFiles, mortal = new Mortal(-1, 'before')) {
    return new SealedArchive({
      files: mortal.of(files),
      filesSettings: { recordingsDir },
      maxExports: 0,
      keys: new KeyRing([Buffer.alloc(32, 1)]),
      store: mortal.of(store),
      keeping: mortal.of(store.keeping),
    });
  }

  function spooled(port: number): SpooledFiles {
    const s3 = new S3Files({
      endpoint: `http://127.0.0.1:${port}`,
      bucket,
      region: 'us-east-1',
      prefix: '',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      forcePathStyle: true,
      requestTimeoutMs: 500,
    });
    return new SpooledFiles(new DiskFiles(recordingsDir), s3);
  }

  function left(): { files: number; keys: number } {
    const log = `${join(folder, 'hush.sqlite')}-wal`;
    const files = [join(folder, 'hush.sqlite'), ...(existsSync(log) ? [log] : [])];
    const bytes = files.map((file) => readFileSync(file, 'latin1')).join('');
    return {
      files: paths.filter((path) => existsSync(join(recordingsDir, path))).length,
      keys: keys.filter((key) => bytes.includes(key)).length,
    };
  }

  it('removes keys, files and folder, and may be repeated', async () => {
    const archive = archiveOf(new DiskFiles(recordingsDir));
    for (const _ of [1, 2]) {
      await archive.destroy(callId);
      expect(left()).toEqual({ files: 0, keys: 0 });
      expect(existsSync(join(recordingsDir, callId))).toBe(false);
    }
  });

  it('needs no bucket if the call was never kept', async () => {
    await archiveOf(spooled(await freePort())).destroy(callId);
    expect(left()).toEqual({ files: 0, keys: 0 });
  });

  it.each(['kept', 'kept once'])(
    'that was %s removes all but the files in an unreachable bucket, and says so',
    async (was) => {
      const call = aCall({ id: callId, status: was === 'kept' ? 'kept' : 'live' });
      await store.commit({
        call: { ...call, firstSequence: 1, lastSequence: 9 },
        event: { ...anEvent(call, 5), type: 'recordingSaved' },
      });
      const port = await freePort();
      const archive = archiveOf(spooled(port));
      await expect(archive.destroy(callId)).rejects.toThrow();
      expect(left()).toEqual({ files: 0, keys: 0 });
      const server = await S3Server.start({ port });
      try {
        await archive.destroy(callId);
      } finally {
        await server.remove();
      }
    },
  );

  it('completes only after a reader of the database has left', async () => {
    const archive = archiveOf(new DiskFiles(recordingsDir));
    const reader = new DatabaseSync(join(folder, 'hush.sqlite'), { readOnly: true });
    reader.exec('begin');
    reader.prepare('select count(*) from segments').get();
    await expect(archive.destroy(callId)).rejects.toThrow(/reader/);
    expect(left().files).toBe(0);
    reader.exec('commit');
    reader.close();
    await archive.destroy(callId);
    expect(left()).toEqual({ files: 0, keys: 0 });
  });

  it('makes room when the database has none for it', async () => {
    const full = new Mortal(0, 'before');
    const archive = new SealedArchive({
      files: new DiskFiles(recordingsDir),
      filesSettings: { recordingsDir },
      maxExports: 0,
      keys: new KeyRing([Buffer.alloc(32, 1)]),
      store: full.of(store),
      keeping: store.keeping,
    });
    await expect(archive.destroy(callId)).rejects.toThrow();
    expect(left().files).toBe(0);
    await archiveOf(new DiskFiles(recordingsDir)).destroy(callId);
    expect(left()).toEqual({ files: 0, keys: 0 });
  });

  it.each(['before', 'behind'] as const)(
    'continues after a crash %s any of its steps',
    async (when) => {
      for (let step = 0; ; step += 1) {
        for (const path of paths) {
          mkdirSync(join(recordingsDir, callId), { recursive: true });
          writeFileSync(join(recordingsDir, path), 'sealed');
        }
        const mortal = new Mortal(step, when);
        await archiveOf(new DiskFiles(recordingsDir), mortal)
          .destroy(callId)
          .catch(() => undefined);
        await archiveOf(new DiskFiles(recordingsDir)).destroy(callId);
        expect(left()).toEqual({ files: 0, keys: 0 });
        if (!mortal.died) break;
      }
    },
  );
});

describe('a recording reported as kept', () => {
  it('is synced first: its files, their folder, and the parent folder', async () => {
    const folder = temporaryFolder();
    const files = new DiskFiles(folder);
    await files.sync('none');
    mkdirSync(join(folder, 'call'));
    writeFileSync(join(folder, 'call', '0-0.seg'), 'sealed');
    await files.sync('call');
    rmSync(folder, { recursive: true });
    await expect(files.sync('call')).rejects.toThrow(/ENOENT/);
  });
});
