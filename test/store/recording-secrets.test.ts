import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { aCall, aSegment } from './samples.ts';

const CALLS = 120;

describe('the SQLite file after a recording was destroyed', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder, 'hush.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Secrets of recordings, by call. */
  function secrets(): Map<string, Buffer> {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database
      .prepare('select call_id, secret from recording_secret_of join recording_secrets using (id)')
      .all() as { call_id: string; secret: Uint8Array }[];
    database.close();
    return new Map(rows.map(({ call_id, secret }) => [call_id, Buffer.from(secret)]));
  }

  function bytes(): Buffer {
    const files = [file, `${file}-wal`].filter((path) => existsSync(path));
    return Buffer.concat(files.map((path) => readFileSync(path)));
  }

  it('holds nothing that opens, however its rows moved', async () => {
    const store = await SqlStore.open(openSqlite(file));
    const calls = Array.from({ length: CALLS }, () => aCall().id);
    const segments = calls.flatMap((callId) =>
      Array.from({ length: 1 + randomInt(12) }, (_, segment) =>
        aSegment(callId, { segment, wrappedKey: randomBytes(66), closedBy: null }),
      ),
    );
    // Random order splits pages and copies their rows.
    const mixed = segments.toSorted(() => randomInt(3) - 1);
    for (const segment of mixed) await store.commit({ segments: [segment] });
    for (const segment of mixed)
      await store.commit({ segments: [{ ...segment, closedBy: 'api' }] });
    const before = secrets();
    expect(before.size).toBe(CALLS);
    const gone = calls.filter((_, index) => index % 2 === 0);
    for (const callId of gone) {
      await store.destroyKeys(callId);
      await store.keeping.forgetKeys(callId);
    }
    const left = bytes();
    expect(gone.filter((callId) => left.includes(before.get(callId) ?? ''))).toEqual([]);
    for (const [callId, secret] of secrets()) expect(left.includes(secret), callId).toBe(true);
    const kept = segments.filter(({ callId }) => !gone.includes(callId));
    for (const { callId, segment, wrappedKey } of kept) {
      const row = (await store.segments(callId)).find((one) => one.segment === segment);
      expect(row?.wrappedKey).toEqual(wrappedKey);
    }
    await store.close();
  });

  it('accepts keys of an older release, and seals them with the next destruction', async () => {
    const store = await SqlStore.open(openSqlite(file));
    const { id } = aCall();
    const segments = [0, 1].map((segment) =>
      aSegment(id, { segment, wrappedKey: randomBytes(66), closedBy: 'end', sealed: null }),
    );
    const database = new DatabaseSync(file);
    const insert = database.prepare(
      'insert into segments (call_id, track, segment, wrapped_key, closed_by, generation) values (?, 0, ?, ?, ?, ?)',
    );
    for (const { segment, wrappedKey, closedBy, generation } of segments) {
      insert.run(id, segment, wrappedKey?.toString('base64') ?? null, closedBy, generation);
    }
    database.close();
    expect(await store.segments(id)).toEqual(segments);
    const [first, second] = segments;
    if (!first || !second) throw new Error('no segments');
    await store.commit({ segments: [{ ...first, wrappedKey: null }] });
    await store.keeping.forgetKeys(id);
    expect(await store.segments(id)).toEqual([{ ...first, wrappedKey: null }, second]);
    expect(bytes().includes(second.wrappedKey?.toString('base64') ?? '')).toBe(false);
    await store.close();
  });
});
