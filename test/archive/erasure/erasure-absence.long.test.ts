import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { SpooledFiles } from '../../../src/archive/files/open-files.ts';
import { AudioMissingError } from '../../../src/domain/model/errors.ts';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { longTest } from '../../support/length.ts';
import { DamagedFile } from '../damage/damage.ts';
import {
  closeStores,
  erased,
  found,
  immortal,
  prepared,
  removeBenches,
} from '../damage/damaged-bench.ts';
import { archiveOf } from './erasure-parts.ts';
import { expectInAgreement, expectWithout, unitsOf } from './erasure-proof.ts';
import { Mortal } from './mortal.ts';

afterEach(closeStores);
afterAll(removeBenches);

describe('an erasure whose bucket was replaced by another one', () => {
  it('waits, and destroys nothing that it does not find', async () => {
    const { bench, store } = await prepared();
    const { callId, recordingsDir } = bench.call;
    const s3 = await S3Server.start();
    const settings = { ...s3.settings, bucket: 'another-name' };
    bench.s3 = Object.create(s3, { settings: { value: settings } }) as S3Server;
    renameSync(join(recordingsDir, callId), join(recordingsDir, 'away'));
    const receipt = await erased(bench, store, { start: 800, end: 900 });
    expect([receipt.state, receipt.destroyed]).toEqual(['begun', []]);
    const rows = await store.segments(callId);
    expect(rows.map(({ generation }) => generation)).toEqual([0, 0, 0, 0, 0, 0]);
    await s3.remove();
  });
});

describe('an erasure of a track whose bucket is unreachable', () => {
  longTest('delays no other track, and completes once the bucket is back', async () => {
    const { bench, store } = await prepared();
    const { callId } = bench.call;
    const before = await unitsOf(bench, store);
    let s3 = await S3Server.start();
    bench.s3 = s3;
    const files = bench.files as SpooledFiles;
    for (const segment of [0, 1, 2]) {
      const path = segmentFile({ callId, track: 1, segment });
      await files.bucket.write(path, new DamagedFile(bench.call, segment, 1).bytes);
      await files.disk.remove(path);
    }
    const { port, folder } = s3;
    await s3.kill();
    const interval = { start: 800, end: 900 };
    const receipt = await erased(bench, store, interval);
    expect([receipt.state, found(receipt)]).toEqual(['begun', ['0/1 whole']]);
    const generations = async () =>
      (await store.segments(callId)).map(({ generation }) => generation);
    expect(await generations()).toEqual([0, 1, 0, 0, 0, 0]);
    const disk = readdirSync(join(bench.call.recordingsDir, callId)).sort();
    expect(disk).toEqual(['0-0.seg', '0-1.1.seg', '0-2.seg']);
    s3 = await S3Server.start({ port, folder });
    await bench.process(store, immortal(), (erasures) => erasures.resume());
    expect(await generations()).toEqual([0, 1, 0, 0, 1, 0]);
    const [done] = await store.keeping.erasures({ callId });
    expect(done && [done.state, found(done)]).toEqual(['done', ['0/1 whole', '1/1 whole']]);
    expectWithout(before, await unitsOf(bench, store), [interval]);
    await expectInAgreement(bench, store);
    await s3.remove();
  });
});

describe('an erasure of a whole recording', () => {
  it('completes earlier erasures of intervals', async () => {
    const { bench, store } = await prepared();
    const { callId } = bench.call;
    const asked = { callId, interval: { start: 100, end: 200 }, reason: 'x', requestedBy: 'zoe' };
    await bench.process(store, new Mortal(2, 'behind'), (erasures) => erasures.erase(asked));
    await bench.process(store, new Mortal(2, 'behind'), (erasures) => erasures.erase(asked));
    const begun = await store.keeping.erasures({ callId, unfinished: true });
    expect(begun.map(({ state }) => state)).toEqual(['begun', 'begun']);
    const whole = await erased(bench, store, null);
    expect(whole.state).toBe('done');
    const all = await store.keeping.erasures({ callId });
    expect(all.map(({ state, destroyed }) => [state, destroyed.length])).toEqual([
      ['done', 6],
      ['done', 6],
      ['done', 6],
    ]);
    expect(all.every(({ doneAt }) => doneAt !== null)).toBe(true);
    expect(bench.stored()).toEqual([]);
  });

  longTest(
    'also completes for missing and damaged audio, and for keys that open nothing',
    async () => {
      const { bench, store } = await prepared();
      const rows = await store.segments(bench.call.callId);
      await store.commit({
        segments: rows.map((row) =>
          row.segment === 2 ? { ...row, wrappedKey: Buffer.alloc(66, 7) } : row,
        ),
      });
      new DamagedFile(bench.call, 0).zero(0, 500);
      new DamagedFile(bench.call, 1).remove();
      const receipt = await erased(bench, store, null);
      expect(receipt.state).toBe('done');
      expect(found(receipt)).toContain('0/1 missing');
    },
  );
});

describe.each<[string, (file: string) => void]>([
  ['is not there', () => undefined],
  ['is a folder', (file) => mkdirSync(file)],
  ['is a pipe', (file) => execFileSync('mkfifo', [file])],
  ['leads nowhere', (file) => symlinkSync('nowhere', file)],
  ['ends too early', (file) => writeFileSync(file, '')],
])('a file outside the erased interval that %s', (_, inItsPlace) => {
  it('stays missing until it is back, as before the erasure', async () => {
    const { bench, store } = await prepared();
    const { callId } = bench.call;
    const before = await unitsOf(bench, store);
    const { path, bytes } = new DamagedFile(bench.call, 2);
    rmSync(path);
    inItsPlace(path);
    const archive = archiveOf(bench.place, store, { maxExports: 1 });
    await expect(archive.play(callId)).rejects.toThrow(AudioMissingError);
    const interval = { start: 800, end: 900 };
    expect((await erased(bench, store, interval)).state).toBe('done');
    const gaps = async () => (await store.gaps(callId)).map(({ reason }) => reason);
    expect(await gaps()).not.toContain('lost');
    await expect(archive.play(callId)).rejects.toThrow(AudioMissingError);
    await expect(archive.peaks(callId)).rejects.toThrow(AudioMissingError);
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, bytes);
    expectWithout(before, await unitsOf(bench, store), [interval]);
    await expectInAgreement(bench, store);
    await archive.close();
  });
});

describe.each<[string, (file: string) => void]>([
  ['a folder', (file) => mkdirSync(file)],
  ['a pipe', (file) => execFileSync('mkfifo', [file])],
])('%s in place of a file of the interval', (_, inItsPlace) => {
  it('does not prevent the erasure', async () => {
    const { bench, store } = await prepared();
    const { path } = new DamagedFile(bench.call, 1);
    rmSync(path);
    inItsPlace(path);
    const receipt = await erased(bench, store, { start: 800, end: 900 });
    expect([receipt.state, found(receipt)]).toEqual(['done', ['0/1 missing', '1/1 whole']]);
  });
});
