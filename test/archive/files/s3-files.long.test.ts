import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFiles } from '../../../src/archive/files/audio-files.ts';
import { DiskFiles } from '../../../src/archive/files/disk-files.ts';
import { S3Files } from '../../../src/archive/files/s3-files.ts';
import { bucket, S3Server } from '../../support/bucket/s3-server.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.remove());

async function listed(files: AudioFiles, callId?: string): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for await (const { path, bytes } of files.list(callId)) found.push([path, bytes]);
  return found.sort();
}

describe.each([
  ['disk', () => new DiskFiles(temporaryFolder())],
  ['S3', () => new S3Files({ ...server.settings, prefix: `${randomBytes(4).toString('hex')}/` })],
])('files on %s', (_, open) => {
  it('return what was written, in any part', async () => {
    const files = open();
    const bytes = randomBytes(700_000);
    await files.write('call-1/0-0.seg', bytes);
    const file = await files.open('call-1/0-0.seg');
    expect(file?.size).toBe(bytes.length);
    const parts = [
      ...[
        [0, 10],
        [5, 300_000],
        [299_990, 300_010],
        [0, 700_000],
        [699_999, 700_000],
      ],
      [650_000, 800_000],
    ] as const;
    for (const [start = 0, end = 0] of parts) {
      expect((await file?.read(start, end))?.equals(bytes.subarray(start, end))).toBe(true);
    }
    expect(await file?.read(700_000, 700_010)).toHaveLength(0);
    await file?.close();
  });

  it('written in pieces are complete, or absent', async () => {
    const files = open();
    const bytes = randomBytes(21_000_000);
    async function* pieces(end: number) {
      for (let at = 0; at < end; at += 65_537) yield bytes.subarray(at, Math.min(end, at + 65_537));
    }
    async function* broken() {
      yield* pieces(20_000_000);
      throw new Error('no more');
    }
    for (const length of [0, 1, 8_388_607, 8_388_608, 8_388_609, bytes.length]) {
      expect(await files.write('call-1/0-0.seg', pieces(length))).toBe(length);
      const file = await files.open('call-1/0-0.seg');
      expect(file?.size).toBe(length);
      const read = await file?.read(0, length);
      expect(read?.equals(bytes.subarray(0, length))).toBe(true);
      await file?.close();
    }
    await expect(files.write('call-1/0-1.seg', broken())).rejects.toThrow('no more');
    expect(await listed(files)).toEqual([['call-1/0-0.seg', bytes.length]]);
    const uploads = join(server.folder, bucket, '._S3rver_uploads');
    expect(existsSync(uploads) ? readdirSync(uploads) : []).toEqual([]);
  });

  longTest('are replaced as a whole, listed, and removed', async () => {
    const files = open();
    await files.write('call-1/0-0.seg', Buffer.from('first'));
    await files.write('call-1/0-0.seg', Buffer.from('second!'));
    await files.write('call-1/1-0.seg', Buffer.from('x'));
    await files.write('call-10/0-0.seg', Buffer.from('xy'));
    expect(await listed(files)).toEqual([
      ['call-1/0-0.seg', 7],
      ['call-1/1-0.seg', 1],
      ['call-10/0-0.seg', 2],
    ]);
    expect(await listed(files, 'call-1')).toHaveLength(2);
    await files.remove('call-1/0-0.seg');
    await files.remove('call-1/0-0.seg');
    expect(await files.open('call-1/0-0.seg')).toBeUndefined();
    expect(await listed(files, 'call-1')).toEqual([['call-1/1-0.seg', 1]]);
    expect(await listed(files, 'nobody')).toEqual([]);
  });
});

it('a missing or forbidden bucket is not an empty bucket', async () => {
  const elsewhere = new S3Files({ ...server.settings, bucket: 'nothing-there' });
  await expect(elsewhere.write('a/b', Buffer.from('x'))).rejects.toThrow();
  await expect(listed(elsewhere)).rejects.toThrow();
  const stranger = new S3Files({ ...server.settings, secretAccessKey: 'wrong' });
  await expect(stranger.open('a/b')).rejects.toThrow();
  await expect(stranger.remove('a/b')).rejects.toThrow();
});
