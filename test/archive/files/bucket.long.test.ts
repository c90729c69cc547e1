import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { type ApiBench, openBench, record } from '../../http/api-support.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { longTest } from '../../support/length.ts';

let server: S3Server;
let bench: ApiBench;
beforeEach(async () => {
  server = await S3Server.start();
});
afterEach(async () => {
  await bench.close();
  await server.remove();
});

function open(more: Partial<Config['archive']['s3']> = {}): Promise<ApiBench> {
  const change = (config: Config): Config => ({
    ...config,
    auth: { ...config.auth, mode: 'none' },
    archive: {
      ...config.archive,
      cleanIntervalMs: 500,
      s3: {
        ...config.archive.s3,
        ...server.settings,
        firstRetryMs: 20,
        maxRetryMs: 100,
        ...more,
      } as never,
    },
  });
  return openBench({ change });
}

/** Resolves when it has left the disk. */
async function uploaded(id: string): Promise<void> {
  const folder = join(bench.hush.dataDir, 'recordings', id);
  await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
}

function objects(id: string): string[] {
  const folder = join(server.folder, 'recordings', 'hush', id);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('_object'))
    .map((name) => name.replace('._S3rver_object', ''))
    .sort();
}

function erase(id: string, body: object): Promise<Response> {
  return fetch(`${bench.hush.api}/api/recordings/${id}/erasures`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason: 'test', ...body }),
  });
}

describe('recordings in a bucket', () => {
  test('leave the disk, and are played, drawn and erased in the bucket', async () => {
    bench = await open();
    const { hush } = bench;
    const { id } = await record(bench, { frames: 80 });
    await uploaded(id);
    expect(objects(id)).toEqual(['0-0.seg', '1-0.seg']);
    const before = await hush.audio(id);
    expect(before.length).toBeGreaterThan(44 + 32 * 1_000);
    expect(before.subarray(44).some((byte) => byte !== 0)).toBe(true);
    const range = await fetch(`${hush.api}/api/recordings/${id}/audio`, {
      headers: { Range: 'bytes=20000-20099' },
    });
    expect(Buffer.from(await range.arrayBuffer()).equals(before.subarray(20_000, 20_100))).toBe(
      true,
    );
    expect((await hush.get(`/api/recordings/${id}/peaks`)).channels).toHaveLength(2);
    const flac = await fetch(`${hush.api}/api/recordings/${id}/audio?format=flac`);
    expect((await flac.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    expect((await erase(id, { startMs: 200, endMs: 600 })).status).toBe(201);
    await uploaded(id);
    expect(objects(id)).toEqual(['0-0.1.seg', '1-0.1.seg']);
    const after = await hush.audio(id);
    expect(after.subarray(44 + 200 * 32, 44 + 600 * 32).every((byte) => byte === 0)).toBe(true);
    expect(after.subarray(44 + 600 * 32).equals(before.subarray(44 + 600 * 32))).toBe(true);
    expect((await erase(id, { whole: true })).status).toBe(201);
    expect(objects(id)).toEqual([]);
  });

  longTest('wait on disk while the store is unreachable, and move when it is back', async () => {
    bench = await open();
    const { hush } = bench;
    const { port, folder } = server;
    await server.kill();
    const { id } = await record(bench, { frames: 20 });
    const alarms = async (): Promise<string[]> =>
      (await hush.get('/api/alarms')).items.map(({ kind }: { kind: string }) => kind);
    await expect.poll(alarms, { timeout: 20_000 }).toContain('uploadFailed');
    expect((await hush.audio(id)).length).toBeGreaterThan(44);
    server = await S3Server.start({ port, folder });
    await uploaded(id);
    expect(objects(id)).toEqual(['0-0.seg', '1-0.seg']);
  });

  longTest(
    'an erasure with an unreachable store destroys keys at once, and bytes later',
    async () => {
      bench = await open();
      const { hush } = bench;
      const { id } = await record(bench, { frames: 20 });
      await uploaded(id);
      const { port, folder } = server;
      await server.kill();
      const answer = await erase(id, { whole: true });
      expect(answer.status).toBe(202);
      expect(await answer.json()).toMatchObject({ state: 'keysDestroyed', doneAt: null });
      // The alarm follows the answer.
      const newest = async () => (await hush.get('/api/alarms')).items[0]?.kind;
      await expect.poll(newest).toBe('erasureFailed');
      expect((await fetch(`${hush.api}/api/recordings/${id}/audio`)).status).toBe(410);
      expect(objects(id)).toEqual(['0-0.seg', '1-0.seg']);
      server = await S3Server.start({ port, folder });
      await expect.poll(() => objects(id), { timeout: 10_000 }).toEqual([]);
      const erasure = async () => (await hush.get(`/api/recordings/${id}/erasures`)).items[0].state;
      await expect.poll(erasure).toBe('done');
    },
  );

  longTest('a full spool refuses new calls, but never a Pause', async () => {
    bench = await open({ maxSpoolBytes: 1 });
    const { hush, caller } = bench;
    const live = await caller.call(hush);
    await live.frames(60);
    await server.kill();
    await record(bench, { frames: 60 });
    const offered = (): Promise<string> =>
      caller.call(hush).then(
        async ({ call }) => {
          await call.end();
          return 'taken';
        },
        (cause: Error) => cause.message,
      );
    await expect.poll(offered, { timeout: 15_000 }).toContain('486');
    expect(await hush.command('Pause', live.correlationId)).toMatchObject({ RecordingState: 3 });
    server = await S3Server.start({ port: server.port, folder: server.folder });
  });
});
