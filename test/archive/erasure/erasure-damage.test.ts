import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import { SealedKeyError } from '../../../src/protocols/segment/key-ring.ts';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { DamagedFile } from '../damage/damage.ts';
import { closeStores, erased, found, prepared, removeBenches } from '../damage/damaged-bench.ts';
import { harms } from '../damage/harms.ts';
import { opusPackets } from '../stored-call.ts';
import { isSilent, within } from './erasure-bench.ts';
import { archiveOf } from './erasure-parts.ts';
import { expectInAgreement, expectWithout, unitsOf } from './erasure-proof.ts';

afterEach(closeStores);
afterAll(removeBenches);

describe('an erasure in a segment that differs from what was sealed', () => {
  const inside = { start: 800, end: 1_200 };
  it.each(harms)('%s: erases and reports the interval, and nothing else', async (...harm) => {
    const [, harmed] = harm;
    const { bench, store } = await prepared();
    harmed(new DamagedFile(bench.call, 1), bench.call);
    const openable = await unitsOf(bench, store);
    const receipt = await erased(bench, store, inside);
    expect(receipt.state).toBe('done');
    // The other track is intact.
    expect(found(receipt)).toEqual([expect.stringMatching(/^0\/1 /), '1/1 whole']);
    expectWithout(openable, await unitsOf(bench, store), [inside]);
    await expectInAgreement(bench, store);
    expect(isSilent(within(await bench.heard(store), inside))).toBe(true);
  });

  it.each(harms)('%s: leaves it as it is when it lies outside the interval', async (...harm) => {
    const [, harmed] = harm;
    const { bench, store } = await prepared();
    harmed(new DamagedFile(bench.call, 1), bench.call);
    const openable = await unitsOf(bench, store);
    const { callId } = bench.call;
    const missing = async () => (await archiveOf(bench.place, store).missing(callId))?.paths;
    const before = await missing();
    const receipt = await erased(bench, store, { start: 100, end: 200 });
    expect(found(receipt)).toEqual(['0/0 whole', '1/0 whole']);
    expect((await store.segments(callId))[1]?.generation).toBe(0);
    expectWithout(openable, await unitsOf(bench, store), [{ start: 100, end: 200 }]);
    // A missing file may come back: it is no gap, and is not played as one.
    expect(await missing()).toEqual(before);
    const reasons = (await store.gaps(callId)).map(({ reason }) => reason);
    if (before) expect(reasons).not.toContain('lost');
    else await expectInAgreement(bench, store);
  });
});

describe('erasing audio that others could still read', () => {
  it('covers two flipped bytes and a missing file, wherever the bytes are stored', async () => {
    const { bench } = await prepared();
    const file = new DamagedFile(bench.call, 1);
    for (let at = 0; at < file.bytes.length; at += 331) {
      await bench.restore();
      const store = await bench.open();
      const harmed = Buffer.from(file.bytes);
      for (const byte of [at, (at * 7 + 501) % harmed.length]) harmed[byte] = ~(harmed[byte] ?? 0);
      file.write(harmed);
      const openable = await unitsOf(bench, store);
      const interval = { start: 900, end: 950 };
      const receipt = await erased(bench, store, interval);
      expect([at, receipt.state, found(receipt)]).toEqual([
        at,
        'done',
        ['0/1 damaged', '1/1 whole'],
      ]);
      expectWithout(openable, await unitsOf(bench, store), [interval]);
      await expectInAgreement(bench, store);
      await store.close();
    }
  });

  it('leaves no key for a file that comes back, not even outside the interval', async () => {
    const { bench, store } = await prepared();
    const { callId, recordingsDir } = bench.call;
    const files = [0, 1].map((track) => ({
      path: join(recordingsDir, segmentFile({ callId, track, segment: 1 })),
      away: join(recordingsDir, `away-${track}`),
    }));
    for (const { path, away } of files) renameSync(path, away);
    const openable = await unitsOf(bench, store);
    const interval = { start: 800, end: 900 };
    const receipt = await erased(bench, store, interval);
    expect([receipt.state, found(receipt)]).toEqual(['done', ['0/1 missing', '1/1 missing']]);
    expect(receipt.destroyed.map(({ lostMs, bytes }) => [lostMs, bytes])).toEqual([
      [600, null],
      [600, null],
    ]);
    expectWithout(openable, await unitsOf(bench, store), [interval]);
    await expectInAgreement(bench, store);
    for (const { path, away } of files) renameSync(away, path);
    const rows = await store.segments(callId);
    expect(rows.map(({ generation }) => generation)).toEqual([0, 1, 0, 0, 1, 0]);
    for (const row of rows.filter(({ segment }) => segment === 1)) {
      const opening = SegmentReader.open(unsealing(bench.call), { ...row, generation: 0 });
      await expect(opening).rejects.toThrow(SealedKeyError);
    }
    const gaps = await store.gaps(callId);
    expect(gaps.filter(({ reason }) => reason === 'lost')).toEqual(
      [0, 1].map((track) => expect.objectContaining({ track, start: 700 * 8, length: 600 * 8 })),
    );
  });

  it('destroys a key that opens nothing if it may have opened audio of the interval', async () => {
    const { bench, store } = await prepared();
    const { callId } = bench.call;
    const rows = (await store.segments(callId)).map((row) =>
      row.track === 0 ? { ...row, wrappedKey: Buffer.alloc(66, 7) } : row,
    );
    await store.commit({ segments: rows });
    const receipt = await erased(bench, store, { start: 800, end: 900 });
    expect([receipt.state, found(receipt)]).toEqual(['done', ['0/1 unopened', '1/1 whole']]);
    const after = await store.segments(callId);
    expect(after.map(({ generation }) => generation)).toEqual([0, 1, 0, 0, 1, 0]);
    expect(after[1]?.wrappedKey?.equals(Buffer.alloc(66, 7))).toBe(false);
  });
});

describe('erasing audio whose end neither row nor chunk tells', () => {
  it('destroys it if it may reach into the interval', async () => {
    const { bench, store } = await prepared();
    const rows = await store.segments(bench.call.callId);
    // As after a crash, or an older release: its last chunk is cut, and more may follow.
    await store.commit({
      segments: rows.map((row) =>
        row.track === 0 && row.segment === 1 ? { ...row, closedBy: null, sealed: null } : row,
      ),
    });
    const file = new DamagedFile(bench.call, 1);
    file.cut(file.chunk(-1).start + 60);
    const end = file.chunk(-1).header.position / 8;
    const receipt = await erased(bench, store, { start: end + 5, end: end + 10 });
    expect(found(receipt)).toContain('0/1 whole');
    expect((await store.segments(bench.call.callId))[1]?.generation).toBe(1);
    // Its neighbours bound it.
    const later = await erased(bench, store, { start: 1_500, end: 1_510 });
    expect(found(later)).toEqual(['0/2 whole', '1/2 whole']);
  });

  it('works for Opus as well, packet by packet', async () => {
    const { bench, store } = await prepared(async (call) => {
      const packets = await opusPackets(new Int16Array(96_000).map((_, at) => (at % 900) * 20));
      const track = call.track('OPUS', 48_000);
      for (const [index, packet] of packets.entries()) {
        track.add(index * 960, packet, 960);
        if (index % 20 === 0) track.writer.seal();
      }
    });
    const file = new DamagedFile(bench.call, 0);
    file.flip(file.chunk(2).start + 100);
    const openable = await unitsOf(bench, store);
    const interval = { start: 700, end: 900 };
    const receipt = await erased(bench, store, interval);
    expect([receipt.state, found(receipt)]).toEqual(['done', ['0/0 damaged']]);
    expectWithout(openable, await unitsOf(bench, store), [interval]);
    await expectInAgreement(bench, store);
  });
});
