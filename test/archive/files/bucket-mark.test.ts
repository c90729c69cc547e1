import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BucketMark, MarkedFiles } from '../../../src/archive/files/bucket-mark.ts';
import { S3Files } from '../../../src/archive/files/s3-files.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';

const INTERVAL_MS = 200;

describe('the mark of an instance in its bucket', () => {
  let server: S3Server;
  const marks: BucketMark[] = [];
  beforeEach(async () => {
    server = await S3Server.start();
  });
  afterEach(async () => {
    for (const mark of marks.splice(0)) await mark.close();
    await server.remove();
  });

  interface Worker {
    readonly mark: BucketMark;
    readonly files: MarkedFiles;
    readonly told: string[];
  }

  function begin(instance: string): Worker {
    const told: string[] = [];
    const bucket = new S3Files(server.settings);
    const mark = new BucketMark({
      bucket,
      instance,
      run: randomUUID(),
      host: 'recorder-1',
      path: '/data',
      intervalMs: INTERVAL_MS,
      onShared: (detail) => told.push(`shared: ${detail}`),
      onOurs: () => told.push('ours'),
      onError: () => undefined,
    });
    marks.push(mark);
    mark.start();
    return { mark, files: new MarkedFiles(bucket, mark), told };
  }

  const write = ({ files }: Worker) => files.write('call/0-0.seg', Buffer.from('sealed'));

  it('lets the live instance change the bucket, but no copy of it', async () => {
    const original = begin('a');
    await write(original);
    const copy = begin('a');
    await expect(write(copy)).rejects.toThrow('another Hush works on the bucket');
    await expect(copy.files.remove('call/0-0.seg')).rejects.toThrow('another Hush');
    // This server lets a reader see a mark that is half written, which names no place.
    const place = expect.stringMatching(
      /^shared: it works in (\/data on recorder-1|unknown on unknown)$/,
    );
    expect(copy.told).toEqual([place]);
    await write(original);
    expect(original.told).toEqual(['ours']);
    // The original has ended: the copy is alone with the bucket.
    await original.mark.close();
    await expect.poll(() => copy.mark.isOurs, { timeout: 5_000 }).toBe(true);
    await write(copy);
  });

  it('is taken over after a wait if its process died', async () => {
    const dead = begin('a');
    await write(dead);
    dead.mark.stopWaiting();
    const next = begin('a');
    expect(next.mark.isOurs).toBe(false);
    await write(next);
    expect(next.told).toEqual(['ours']);
  });

  it('is taken at once after an orderly stop, and beside other instances', async () => {
    const first = begin('a');
    await write(first);
    await first.mark.close();
    const began = performance.now();
    const [next, other] = [begin('a'), begin('b')];
    await Promise.all([write(next), write(other)]);
    expect(performance.now() - began).toBeLessThan(10 * INTERVAL_MS);
    expect([next.told, other.told]).toEqual([['ours'], ['ours']]);
  });

  it('is reported by its owner when a copy overwrote it', async () => {
    const original = begin('a');
    await write(original);
    const bucket = new S3Files(server.settings);
    const mark = { run: 'another', host: 'clone', path: '/clone', ended: false };
    await bucket.write('hush-instance/a.json', Buffer.from(JSON.stringify(mark)));
    const shared = 'shared: it works in /clone on clone';
    await expect.poll(() => original.told, { timeout: 5_000 }).toContain(shared);
  });
});
