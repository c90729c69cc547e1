import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, aSegment } from './samples.ts';

/** Returns the bytes of the database, its log and the index of the log: all that SQLite wrote. */
function bytesOf(file: string): Buffer {
  const folder = dirname(file);
  const names = readdirSync(folder).filter((name) => name.startsWith(basename(file)));
  return Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
}

describe.each(databaseKinds)('destroying keys on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  function segmentsOf(callId: string) {
    return Array.from({ length: 40 }, (_, segment) =>
      aSegment(callId, { segment, wrappedKey: randomBytes(60), closedBy: 'api' }),
    );
  }

  it('destroys every key of the call and no other', async () => {
    const { store, file } = fixture;
    const [gone, stays] = [aCall(), aCall()];
    const [destroyed, kept] = [segmentsOf(gone.id), segmentsOf(stays.id)];
    await store.commit({ call: gone, segments: destroyed });
    await store.commit({ call: stays, segments: kept });
    // Rewritten rows leave copies behind: in free pages, and in the log.
    await store.commit({ segments: destroyed.map((segment) => ({ ...segment, closedBy: null })) });
    await store.commit({ segments: destroyed });
    const texts = await storedKeys();
    await store.destroyKeys(gone.id);
    await store.keeping.forgetKeys(gone.id);
    const rows = await store.segments(gone.id);
    expect(rows).toEqual(destroyed.map((segment) => ({ ...segment, wrappedKey: null })));
    expect(await store.segments(stays.id)).toEqual(kept);
    if (file === undefined) return;
    const bytes = bytesOf(file);
    const found = (callId: string) =>
      texts.filter((row) => row.call_id === callId && bytes.includes(row.wrapped_key ?? ''));
    expect(found(gone.id)).toEqual([]);
    expect(found(stays.id)).toHaveLength(40);
  });

  function storedKeys() {
    return fixture.database.kysely
      .selectFrom('segments')
      .select(['call_id', 'wrapped_key'])
      .execute();
  }

  it('leaves the other keys of a recording usable', async () => {
    const { store } = fixture;
    const call = aCall();
    const [first, second, ...others] = segmentsOf(call.id);
    if (!first || !second) throw new Error('no segments');
    await store.commit({ call, segments: [first, second, ...others] });
    await store.keeping.replaceKeys('segments', [
      { callId: call.id, before: first.wrappedKey as Buffer, after: Buffer.from('another') },
      { callId: call.id, before: Buffer.from('none'), after: Buffer.from('never') },
    ]);
    const late = aSegment(call.id, { track: 1, segment: 99, wrappedKey: randomBytes(60) });
    const reading = Promise.all(Array.from({ length: 50 }, () => store.segments(call.id)));
    await Promise.all([
      store.keeping.forgetKeys(call.id),
      store.commit({ segments: [{ ...second, wrappedKey: null }, late] }),
    ]);
    await store.keeping.forgetKeys(call.id);
    for (const rows of await reading) expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(await (await fixture.another()).segments(call.id)).toEqual([
      { ...first, wrappedKey: Buffer.from('another') },
      { ...second, wrappedKey: null },
      ...others,
      late,
    ]);
  });

  it('destroys a key whose commit was still in progress', async () => {
    const { store } = fixture;
    const call = aCall();
    const commit = store.commit({ segments: segmentsOf(call.id) });
    await store.destroyKeys(call.id);
    await commit;
    const rows = await store.segments(call.id);
    expect(rows).toHaveLength(40);
    expect(rows.filter(({ wrappedKey }) => wrappedKey !== null)).toEqual([]);
  });

  it('may be repeated, and ignores unknown calls', async () => {
    const { store } = fixture;
    const call = aCall();
    await store.commit({ segments: segmentsOf(call.id) });
    await store.destroyKeys(call.id);
    await store.destroyKeys(call.id);
    await store.destroyKeys(aCall().id);
    expect((await store.segments(call.id)).every(({ wrappedKey }) => wrappedKey === null)).toBe(
      true,
    );
  });
});
