import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUp, restore } from '../../src/backup.ts';
import type { Config } from '../../src/config/schema.ts';
import { runHush } from '../cli/run-hush.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { S3Server } from '../support/bucket/s3-server.ts';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';

let bench: ApiBench;
let folder = '';
const asAdmin = (config: Config): Config => ({ ...config, auth: { ...config.auth, mode: 'none' } });

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

async function restored(from: string, dataDir = at('restored')): Promise<TestHush> {
  const { config } = bench.hush;
  await restore({ ...config, dataDir }, from);
  return TestHush.start({ dataDir, overrides: { adopt: true } });
}

async function erase(hush: TestHush, id: string): Promise<void> {
  const body = { startMs: 200, endMs: 400, reason: 'card number' };
  expect((await hush.post(`/api/recordings/${id}/erasures`, body)).status).toBe(201);
}

describe('a backup of a running Hush', () => {
  it('restores every recording unchanged and playable', async () => {
    bench = await openBench({ change: asAdmin });
    const { hush, caller } = bench;
    const recordings = [];
    for (let count = 0; count < 4; count += 1) recordings.push(await record(bench, { frames: 40 }));
    await erase(hush, recordings[1]?.id ?? '');
    await hush.get(`/api/recordings/${recordings[2]?.id}/peaks`);
    const live = await caller.call(hush);
    await live.frames(60);
    const manifest = await backUp(hush.config, at('backup'), { withKeys: true });
    expect(manifest).toMatchObject({ missing: [], inBucket: 0, withKeys: true });
    expect(existsSync(join(at('backup'), 'hush.lock'))).toBe(false);
    // Later changes are not in it.
    await erase(hush, recordings[3]?.id ?? '');
    await live.call.end();
    await hush.settled(live.correlationId);
    const before: Buffer[] = [];
    for (const { id } of recordings) before.push(await hush.audio(id));
    expect((await hush.get('/api/audit-log?action=backup')).items).toHaveLength(1);
    await hush.stop();
    const again = await restored(at('backup'));
    try {
      for (const [index, { id }] of recordings.entries()) {
        const after = await again.audio(id);
        expect(after.length).toBe(before[index]?.length);
        expect(after.equals(before[index] ?? after)).toBe(index !== 3);
      }
      const { callId } = await again.settled(live.correlationId);
      expect((await again.audio(callId)).subarray(44).some((byte) => byte !== 0)).toBe(true);
      const { items } = await again.get('/api/audit-log?action=restore');
      expect(items).toMatchObject([{ surface: 'cli', outcome: 'ok' }]);
    } finally {
      await again.stop();
    }
  });

  longTest('names the master key, and contains it only on request', async () => {
    bench = await openBench({ change: asAdmin });
    const { id } = await record(bench, { frames: 40 });
    const { hush } = bench;
    const { keyIds } = await backUp(hush.config, at('backup'), { withKeys: false });
    expect(keyIds).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)]);
    expect(readdirSync(at('backup')).sort()).toEqual([
      'hush-backup.json',
      'hush.sqlite',
      'recordings',
    ]);
    const before = await hush.audio(id);
    await hush.stop();
    await expect(restored(at('backup'))).rejects.toThrow(/master\.key.*is missing.*put the file/);
    const key = readFileSync(join(hush.dataDir, 'master.key'));
    writeFileSync(join(at('restored'), 'master.key'), key, { mode: 0o600 });
    const again = await TestHush.start({ dataDir: at('restored'), overrides: { adopt: true } });
    expect((await again.audio(id)).equals(before)).toBe(true);
    await again.stop();
  });

  longTest('contains nothing of recordings destroyed before', async () => {
    bench = await openBench({ change: asAdmin });
    const { id } = await record(bench, { frames: 40 });
    const { hush } = bench;
    const body = { whole: true, reason: 'wrong queue' };
    expect((await hush.post(`/api/recordings/${id}/erasures`, body)).status).toBe(201);
    await backUp(hush.config, at('backup'), { withKeys: true });
    expect(readdirSync(join(at('backup'), 'recordings'))).toEqual([]);
  });

  longTest('leaves in the bucket what lies there, which plays after a restore', async () => {
    const server = await S3Server.start();
    try {
      const change = (config: Config): Config => ({
        ...asAdmin(config),
        archive: { ...config.archive, s3: { ...config.archive.s3, ...server.settings } as never },
      });
      bench = await openBench({ change });
      const { hush } = bench;
      const { id } = await record(bench, { frames: 40 });
      const spooled = (): boolean => existsSync(join(hush.dataDir, 'recordings', id));
      await expect.poll(spooled, { timeout: 10_000 }).toBe(false);
      const before = await hush.audio(id);
      const manifest = await backUp(hush.config, at('backup'), { withKeys: true });
      expect(manifest).toMatchObject({ files: 0, inBucket: 2, missing: [] });
      await hush.stop();
      const dataDir = at('restored');
      await restore({ ...hush.config, dataDir }, at('backup'));
      const again = await TestHush.start({ dataDir, config: change, overrides: { adopt: true } });
      expect((await again.audio(id)).equals(before)).toBe(true);
      await again.stop();
    } finally {
      await server.remove();
    }
  });

  longTest('goes where nothing is, and comes from where one was finished', async () => {
    bench = await openBench({ change: asAdmin });
    const { config, dataDir } = bench.hush;
    const options = { withKeys: false };
    await expect(backUp(config, dataDir, options)).rejects.toThrow('is not empty');
    await backUp(config, at('backup'), options);
    await expect(restore(config, at('backup'))).rejects.toThrow('is in use by Hush');
    const elsewhere = { ...config, dataDir: at('restored') };
    await restore(elsewhere, at('backup'));
    await expect(restore(elsewhere, at('backup'))).rejects.toThrow('holds a store already');
    rmSync(join(at('backup'), 'hush-backup.json'));
    const third = { ...config, dataDir: at('third') };
    await expect(restore(third, at('backup'))).rejects.toThrow('no backup that was finished');
    const postgres = { ...config, store: { ...config.store, kind: 'postgres' as const } };
    await expect(backUp(postgres, at('other'), options)).rejects.toThrow('pg_dump');
  });

  longTest('runs as a command', async () => {
    bench = await openBench({ change: asAdmin });
    await record(bench, { frames: 20 });
    const env = { HUSH_DATA_DIR: bench.hush.dataDir };
    const done = await runHush(['backup', at('backup'), '--json'], { env });
    expect(done.err).toBe('');
    expect(JSON.parse(done.out)).toMatchObject({ files: 2, missing: [] });
    const back = await runHush(['restore', at('backup')], { env: { HUSH_DATA_DIR: at('new') } });
    expect([back.code, back.err]).toEqual([0, '']);
    const again = await runHush(['backup', at('backup')], { env });
    expect([again.code, again.err]).toEqual([2, `hush: ${at('backup')} is not empty\n`]);
  });
});
