import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SegmentRecord } from '../../src/domain/model/segment.ts';
import type { Database } from '../../src/store/rows/database.ts';
import { SqlStore } from '../../src/store/store.ts';
import { few, longTest } from '../support/length.ts';
import { type DatabaseServer, startPostgres } from './database-servers.ts';
import { aCall, aSegment } from './samples.ts';

describe('destroyed keys on PostgreSQL', () => {
  let server: DatabaseServer;
  let database: Database;
  let store: SqlStore;
  let url = '';
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    const empty = await server.empty();
    url = empty.url ?? '';
    database = empty.connect();
    store = await SqlStore.open(database);
  });
  afterEach(() => store.close());

  async function sealed(callId: string): Promise<SegmentRecord[]> {
    const segments = Array.from({ length: 20 }, (_, segment) =>
      aSegment(callId, { segment, wrappedKey: randomBytes(66), closedBy: 'api' }),
    );
    await store.commit({ segments });
    // Rewritten rows leave versions behind.
    await store.commit({ segments: segments.map((row) => ({ ...row, closedBy: null })) });
    const derived = { callId, kind: 'peaks', generation: 1, wrappedKey: randomBytes(66) } as const;
    await store.commit({ segments, derived: [derived] });
    return segments;
  }

  /** Returns how many of them are in the files of tables. */
  async function found(segments: readonly SegmentRecord[]): Promise<number> {
    await sql`checkpoint`.execute(database.kysely);
    const folder = join(server.folder ?? '', 'base');
    const names = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    const bytes = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const texts = segments.map(({ wrappedKey }) => wrappedKey?.toString('base64') ?? '');
    return texts.filter((text) => bytes.some((file) => file.includes(text))).length;
  }

  it('are in no file of a table any more, unlike the others', async () => {
    const [gone, kept] = [await sealed(aCall().id), await sealed(aCall().id)];
    expect(await found(gone)).toBe(20);
    const callId = gone[0]?.callId ?? '';
    await store.destroyKeys(callId);
    expect(await found(gone)).toBe(20);
    await store.keeping.forgetKeys(callId);
    expect(await found(gone)).toBe(0);
    expect(await found(kept)).toBe(20);
    expect(await store.segments(kept[0]?.callId ?? '')).toEqual(kept);
    expect((await store.keeping.derived(callId)).map(({ wrappedKey }) => wrappedKey)).toEqual([
      null,
    ]);
  });

  longTest('are forgotten together when no calls are named', async () => {
    const gone = [await sealed(aCall().id), await sealed(aCall().id)];
    for (const [segment] of gone) await store.destroyKeys(segment?.callId ?? '');
    await store.keeping.forgetKeys();
    expect(await found(gone.flat())).toBe(0);
  });

  longTest.each(
    few(
      [
        ['a reader of the table', 'select count(*) from segments'],
        ['an older snapshot that reads nothing of it', 'select count(*) from calls'],
      ],
      1,
    ),
  )('are not called forgotten before %s has left', async (_, reading) => {
    const gone = await sealed(aCall().id);
    const callId = gone[0]?.callId ?? '';
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    await reader.query('begin isolation level repeatable read');
    await reader.query(reading);
    await store.destroyKeys(callId);
    await expect(store.keeping.forgetKeys(callId)).rejects.toThrow(/keeps what was destroyed/);
    // Nobody else waits for it.
    await store.commit({ call: aCall() });
    await reader.query('commit');
    await reader.end();
    await store.keeping.forgetKeys(callId);
    expect(await found(gone)).toBe(0);
  });
});
