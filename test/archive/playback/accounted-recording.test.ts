import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SealedArchive } from '../../../src/archive/archive.ts';
import { derivedFile, derivedIdentity } from '../../../src/archive/files/derived-file.ts';
import { DiskFiles } from '../../../src/archive/files/disk-files.ts';
import { decodePeaks } from '../../../src/archive/playback/peaks.ts';
import { AudioMissingError } from '../../../src/domain/model/errors.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { wrapKey } from '../../../src/protocols/segment/key-wrap.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { DamagedFile, rowsOf } from '../damage/damage.ts';
import { FRAME, loudFrame } from '../damage/harms.ts';
import { StoredCall } from '../stored-call.ts';

let call: StoredCall;
let store: SqlStore;
let archive: SealedArchive;
beforeEach(async () => {
  call = new StoredCall();
  store = await SqlStore.open(openSqlite(join(call.recordingsDir, 'hush.sqlite')));
  archive = call.archive(store, 1);
});
afterEach(async () => {
  await archive.close();
  await store.close();
  call.remove();
});

/** Records two stretches with a pause between them. */
async function record(): Promise<void> {
  const track = call.track('PCMU', 8000);
  for (let frame = 0; frame < 200; frame += 1) {
    if (frame === 100) track.pause('api');
    track.add((frame < 100 ? frame : frame + 50) * FRAME, loudFrame(FRAME));
  }
  await call.end();
}

/** Leaves its rows as a settlement does. */
async function settle(): Promise<void> {
  const segments = rowsOf(call);
  await store.commit({ tracks: call.tracks, segments });
  const { gaps, tracks } = await archive.finish(call.callId);
  await store.commit({ tracks, gaps });
}

describe('a segment that was never closed', () => {
  it('may never have had a file', async () => {
    await record();
    const rows = rowsOf(call);
    const begun = { segment: 2, closedBy: null, sealed: { start: 60_000, end: 60_000, chunks: 0 } };
    call.segments.push({ ...(rows[0] as (typeof rows)[number]), ...begun });
    await settle();
    await (await archive.play(call.callId)).close();
  });

  it('is missing if the gap map says that it was there', async () => {
    await record();
    call.crash();
    await settle();
    await (await archive.play(call.callId)).close();
    const file = new DamagedFile(call, 1);
    file.cut(file.chunk(-1).start);
    await expect(archive.play(call.callId)).rejects.toThrow(AudioMissingError);
    file.remove();
    await expect(archive.play(call.callId)).rejects.toThrow(AudioMissingError);
    await expect(archive.export(call.callId, 'flac')).rejects.toThrow(AudioMissingError);
    expect((await archive.missing(call.callId))?.paths).toEqual([`${call.callId}/0-1.seg`]);
  });
});

describe('audio missing at the end of a call', () => {
  it('is a gap in the map, and the rest is played', async () => {
    await record();
    new DamagedFile(call, 0).remove();
    await settle();
    await (await archive.play(call.callId)).close();
    expect(await archive.missing(call.callId)).toBeUndefined();
    // Nothing more may be lost.
    const file = new DamagedFile(call, 1);
    file.cut(file.chunk(1).end);
    await expect(archive.play(call.callId)).rejects.toThrow(AudioMissingError);
  });
});

it('in a row of an older release, without segment data, is judged by the map', async () => {
  await record();
  for (const [index, row] of call.segments.entries())
    call.segments[index] = { ...row, sealed: null };
  await settle();
  await (await archive.play(call.callId)).close();
  const file = new DamagedFile(call, 0);
  file.cut(file.chunk(1).end);
  await expect(archive.play(call.callId)).rejects.toThrow(AudioMissingError);
});

it('a file cut short while it is read ends the answer, and plays no silence', async () => {
  const track = call.track('PCMU', 8000);
  for (let frame = 0; frame < 3_000; frame += 1) track.add(frame * FRAME, loudFrame(FRAME));
  await call.end();
  await settle();
  const playback = await archive.play(call.callId);
  const pieces = playback.wav();
  await pieces.next();
  const file = new DamagedFile(call, 0);
  file.cut(file.chunk(20).start);
  const rest = (async () => {
    for await (const _ of pieces);
  })();
  await expect(rest).rejects.toThrow(/shorter/);
  await playback.close();
});

describe('a wave form', () => {
  it('that an earlier release made of missing files is made anew', async () => {
    await record();
    await settle();
    const named = { callId: call.callId, kind: 'peaks', generation: 3 } as const;
    const [key, identity] = [Buffer.alloc(32, 5), derivedIdentity(named)];
    const silence = Buffer.alloc(8 + 250 * 4);
    silence.writeUInt32BE(50, 0);
    silence.writeUInt32BE(250, 4);
    expect(decodePeaks(silence).channels[0]?.max).toHaveLength(250);
    await new DiskFiles(call.recordingsDir).write(
      derivedFile(named),
      wrapKey(key, silence, identity),
    );
    const wrappedKey = new KeyRing([call.masterKey]).wrap(key, identity);
    await store.commit({ derived: [{ ...named, wrappedKey }] });
    for (const _ of [1, 2]) {
      const { channels } = await archive.peaks(call.callId);
      expect(Math.min(...(channels[0]?.min ?? []))).toBeLessThan(-10);
    }
    const rows = await store.keeping.derived(call.callId);
    expect(rows.map(({ generation }) => generation)).toEqual([4]);
  });

  it('of a partial reading is not kept', async () => {
    await record();
    await settle();
    const file = new DamagedFile(call, 1);
    file.flip(file.chunk(1).start + 300);
    const { channels } = await archive.peaks(call.callId);
    expect(Math.min(...(channels[0]?.min ?? []))).toBeLessThan(-10);
    expect(await store.keeping.derived(call.callId)).toEqual([]);
    file.remove();
    await expect(archive.peaks(call.callId)).rejects.toThrow(AudioMissingError);
    expect(await store.keeping.derived(call.callId)).toEqual([]);
  });
});
