import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { TestCaller } from '../support/calls.ts';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { HushProcess } from '../support/hush/hush-process.ts';
import { longTest } from '../support/length.ts';
import { freePort, freeRtpPorts } from '../support/ports.ts';

const asAdmin = (config: Config): Config => ({ ...config, auth: { ...config.auth, mode: 'none' } });

let bench: ApiBench;
beforeEach(async () => {
  bench = await openBench({ change: asAdmin });
});
afterEach(() => bench.close());

interface Work<Progress> {
  state: string;
  progress: Progress;
}

async function work<Progress>(path: string, body?: object): Promise<Work<Progress>> {
  const url = `${bench.hush.api}/api/archive/${path}`;
  const options =
    body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  const started = await fetch(url, { method: 'POST', ...options });
  expect(started.status).toBe(202);
  const look = async (): Promise<string> =>
    ((await (await fetch(url)).json()) as { state: string }).state;
  await expect.poll(look, { timeout: 10_000 }).not.toBe('running');
  return (await fetch(url)).json() as Promise<Work<Progress>>;
}

describe('an archive check', () => {
  interface Report {
    segments: number;
    orphans: number;
    missing: number;
    damaged: number;
    removed: number;
    findings: { kind: string; path: string }[];
  }

  it('finds orphaned, missing and damaged files, and skips calls in progress', async () => {
    const { hush, caller } = bench;
    const live = await caller.call(hush);
    await live.frames(60);
    const [whole, torn, gone] = [
      await record(bench, { frames: 60 }),
      await record(bench, { frames: 60 }),
      await record(bench),
    ];
    const folder = (id: string) => join(hush.dataDir, 'recordings', id);
    expect(await work<Report>('check', { deep: true })).toMatchObject({
      state: 'done',
      progress: { segments: 6, orphans: 0, missing: 0, damaged: 0, removed: 0, findings: [] },
    });
    const file = join(folder(torn.id), '1-0.seg');
    const bytes = readFileSync(file);
    // Beyond the first chunk, which is opened at every look.
    const at = bytes.length - 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    rmSync(join(folder(gone.id), '0-0.seg'));
    writeFileSync(join(folder(whole.id), '0-0.7.seg'), 'left behind');
    mkdirSync(folder('nobody'));
    writeFileSync(join(folder('nobody'), '0-0.seg.partial'), '');
    const atAnyDepth = { orphans: 1, strangers: 1, missing: 1 };
    const shallow = await work<Report>('check', {});
    expect(shallow.progress).toMatchObject({ ...atAnyDepth, damaged: 0, removed: 0 });
    const deep = await work<Report>('check', { deep: true, remove: true });
    expect(deep.progress).toMatchObject({ ...atAnyDepth, damaged: 1, removed: 1 });
    const found = deep.progress.findings.map(({ kind, path }) => `${kind} ${path}`);
    expect(new Set(found)).toEqual(
      new Set([
        `orphan ${whole.id}/0-0.7.seg`,
        'stranger nobody/0-0.seg.partial',
        `missing ${gone.id}/0-0.seg`,
        `damaged ${torn.id}/1-0.seg`,
      ]),
    );
    expect(readdirSync(folder(whole.id)).sort()).toEqual(['0-0.seg', '1-0.seg']);
    // A bucket or disk may be shared: files not known to be Hush's stay.
    expect(readdirSync(folder('nobody'))).toEqual(['0-0.seg.partial']);
    expect((await hush.audio(whole.id)).length).toBeGreaterThan(44);
    await live.call.end();
  });
});

describe('a rotation of the master key', () => {
  const keyFile = () => join(bench.hush.dataDir, 'master.key');
  const keysIn = () => readFileSync(keyFile(), 'utf8').trim().split('\n');

  function wrapped(): string[] {
    const file = join(bench.hush.dataDir, 'hush.sqlite');
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database
      .prepare('select wrapped_key from segments where wrapped_key is not null')
      .all();
    database.close();
    return rows.map((row) => row.wrapped_key as string);
  }

  it('runs while a call is recorded, and the whole call remains playable', async () => {
    const { hush, caller } = bench;
    const [old] = keysIn();
    const { id } = await record(bench, { frames: 40 });
    const before = await hush.audio(id);
    const live = await caller.call(hush);
    await live.frames(30);
    const keysBefore = wrapped();
    const done = await work<{ keyId: string; rewrapped: number }>('key-rotation');
    expect(done).toMatchObject({ state: 'done', progress: { rewrapped: 4 } });
    const [next, ...none] = keysIn();
    expect([next === old, none, statSync(keyFile()).mode & 0o777]).toEqual([false, [], 0o600]);
    const prefix = Buffer.from(done.progress.keyId, 'hex').toString('base64');
    expect(wrapped().every((key) => key.startsWith(prefix))).toBe(true);
    const database = readFileSync(join(hush.dataDir, 'hush.sqlite'), 'latin1');
    for (const key of keysBefore) expect(database).not.toContain(key);
    await hush.command('Pause', live.correlationId);
    await hush.command('Start', live.correlationId);
    await live.frames(60);
    await live.call.end();
    const { callId } = await hush.settled(live.correlationId);
    // The media thread still wraps under the old key: its reports are rewrapped.
    expect(wrapped()).toHaveLength(6);
    expect(wrapped().every((key) => key.startsWith(prefix))).toBe(true);
    expect((await hush.audio(id)).equals(before)).toBe(true);
    const whole = await hush.audio(callId);
    expect(whole.length).toBeGreaterThan(44 + 60 * 160 * 4 - 4_000);
    await hush.stop();
    const again = await TestHush.start({ dataDir: hush.dataDir, config: asAdmin });
    expect((await again.audio(callId)).equals(whole)).toBe(true);
    await again.stop();
  });

  longTest('resumes at the next start after an interruption', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 10 });
    const before = await hush.audio(id);
    const [old = ''] = keysIn();
    await hush.stop();
    const next = 'ab'.repeat(32);
    writeFileSync(keyFile(), `${next}\n${old}\n`);
    const again = await TestHush.start({ dataDir: hush.dataDir, config: asAdmin });
    await expect.poll(keysIn, { timeout: 10_000 }).toEqual([next]);
    expect((await again.audio(id)).equals(before)).toBe(true);
    await again.stop();
  });

  longTest('of a configured key is done in the configuration', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 10 });
    const before = await hush.audio(id);
    const [old = ''] = keysIn();
    await hush.stop();
    rmSync(keyFile());
    const again = await TestHush.start({
      dataDir: hush.dataDir,
      config: (config) => ({
        ...asAdmin(config),
        masterKey: 'cd'.repeat(32),
        previousMasterKeys: [old],
      }),
    });
    expect((await again.audio(id)).equals(before)).toBe(true);
    const url = `${again.api}/api/archive/key-rotation`;
    const state = async () => (await again.get('/api/archive/key-rotation')).state;
    await expect.poll(state, { timeout: 10_000 }).toBe('done');
    expect((await fetch(url, { method: 'POST' })).status).toBe(409);
    await again.stop();
    const last = await TestHush.start({
      dataDir: hush.dataDir,
      config: (config) => ({ ...asAdmin(config), masterKey: 'cd'.repeat(32) }),
    });
    expect((await last.audio(id)).equals(before)).toBe(true);
    await last.stop();
  });
});

longTest('an encrypted call goes on over a rotation and a restart', async () => {
  const rtpPorts = await freeRtpPorts();
  const ports = { httpPort: await freePort(), sipUdpPort: await freePort() };
  const dataDir = temporaryFolder();
  const first = await HushProcess.start({ dataDir, rtpPorts, ...ports });
  const caller = await TestCaller.open();
  const live = await caller.call(first, { srtp: 'AES_CM_128_HMAC_SHA1_80' });
  await live.frames(40);
  const url = `${first.api}/api/archive/key-rotation`;
  expect((await fetch(url, { method: 'POST' })).status).toBe(202);
  const state = async (): Promise<string> =>
    ((await (await fetch(url)).json()) as { state: string }).state;
  await expect.poll(state, { timeout: 10_000 }).toBe('done');
  expect(readFileSync(join(dataDir, 'master.key'), 'utf8').trim().split('\n')).toHaveLength(1);
  await first.end('SIGKILL');
  const second = await HushProcess.start({ dataDir, rtpPorts, ...ports });
  await live.frames((live.streams[0]?.sent.length ?? 0) + 60);
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came is looked into.
  const get = async (path: string): Promise<any> => (await fetch(second.api + path)).json();
  const [stream] = (await get(`/api/calls/${live.correlationId}`)).streams;
  expect(stream.encrypted).toBe(true);
  await live.call.end();
  const found = async () => (await get('/api/recordings?status=kept')).items;
  await expect.poll(async () => (await found()).length, { timeout: 10_000 }).toBe(1);
  const detail = await get(`/api/recordings/${(await found())[0].id}`);
  for (const { packets } of detail.tracks) {
    expect(packets.kept).toBeGreaterThan(50);
    expect(packets.unauthenticated).toBe(0);
  }
  await second.end('SIGTERM');
  await caller.close();
});
