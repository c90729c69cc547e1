import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStore } from '../../../src/store/store.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { ErasureBench } from '../erasure/erasure-bench.ts';
import { uploaderOf } from '../erasure/erasure-parts.ts';
import { expectInAgreement, expectWithout, unitsOf } from '../erasure/erasure-proof.ts';
import { Mortal } from '../erasure/mortal.ts';
import { KilledWork } from '../keys/killed-work.ts';
import type { StoredCall } from '../stored-call.ts';

const RATE = 48_000;
const SECONDS = 180;

let s3: S3Server;
beforeAll(async () => {
  s3 = await S3Server.start();
});
afterAll(() => s3.remove());

const stores: SqlStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

/** One track of L16, of 17 MB: long enough to kill a process midway. */
async function long(call: StoredCall): Promise<void> {
  const track = call.track('L16', RATE);
  const packet = Buffer.alloc((RATE / 50) * 2);
  for (let number = 0; number < SECONDS * 50; number += 1) {
    packet.writeUInt32BE(number * 2 + 1, 0);
    track.add((number * RATE) / 50, packet, RATE / 50);
  }
}

async function prepared(bucket?: S3Server): Promise<ErasureBench> {
  const bench = new ErasureBench({ record: long });
  await bench.prepare();
  bench.s3 = bucket;
  return bench;
}

async function opened(bench: ErasureBench): Promise<SqlStore> {
  const store = await bench.open();
  stores.push(store);
  return store;
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
const onDisk = ({ call }: ErasureBench) => names(join(call.recordingsDir, call.callId)).sort();
const uploads = () => names(join(s3.folder, 'recordings', '._S3rver_uploads'));

describe('the remains of a killed process', () => {
  it('that was sealing anew are removed, and the erasure is completed', async () => {
    const bench = await prepared();
    const first = await opened(bench);
    const before = await unitsOf(bench, first);
    await new KilledWork('erase', bench.place).killedWhen(() => onDisk(bench).length > 1);
    expect(onDisk(bench)).toEqual(['0-0.1.seg.partial', '0-0.seg']);
    const store = await opened(bench);
    await bench.files.sweepUnfinished();
    expect(onDisk(bench)).toEqual(['0-0.seg']);
    const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
    await bench.process(store, immortal, (erasures) => erasures.resume());
    expect(onDisk(bench)).toEqual(['0-0.1.seg']);
    expectWithout(before, await unitsOf(bench, store), [{ start: 1_000, end: 2_000 }]);
    await expectInAgreement(bench, store);
    bench.remove();
  });

  it('that was uploading are aborted, and the file is uploaded again', async () => {
    const bench = await prepared(s3);
    const { callId } = bench.call;
    const before = await unitsOf(bench, await opened(bench));
    await new KilledWork('upload', bench.place).killedWhen(() => uploads().length > 0);
    expect(uploads()).toHaveLength(1);
    // A file that an attempt to seal anew would have left.
    writeFileSync(join(bench.call.recordingsDir, callId, '0-0.1.seg.partial'), 'half');
    const store = await opened(bench);
    const failures: unknown[] = [];
    const uploader = uploaderOf(bench.place, store, (cause) => failures.push(cause));
    await uploader.start();
    await expect.poll(() => onDisk(bench), { timeout: 30_000 }).toEqual([]);
    await uploader.close();
    expect([failures, uploads(), uploader.spoolBytes]).toEqual([[], [], 0]);
    const objects = names(join(s3.folder, 'recordings', 'hush', callId));
    expect(objects.filter((name) => name.endsWith('_object'))).toEqual(['0-0.seg._S3rver_object']);
    expectWithout(before, await unitsOf(bench, store), []);
    bench.remove();
  });

  it('that was exporting are none', async () => {
    const bench = await prepared();
    await new KilledWork('export', bench.place).killedWhen(() => false);
    expect(onDisk(bench)).toEqual(['0-0.seg']);
    bench.remove();
  });

  it('stay if they are not known to be ours', async () => {
    const bench = new ErasureBench();
    await bench.prepare();
    const strange = join(bench.call.recordingsDir, bench.call.callId, 'notes.partial');
    writeFileSync(strange, 'somebody else');
    await bench.files.sweepUnfinished();
    expect(existsSync(strange)).toBe(true);
    bench.remove();
  });
});
