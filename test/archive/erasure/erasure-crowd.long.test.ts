import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { type ApiBench, openBench, record } from '../../http/api-support.ts';
import { type DatabaseServer, startPostgres } from '../../store/database-servers.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { few } from '../../support/length.ts';

const BYTES_PER_MS = 32;
const WAV_HEADER = 44;
const interval = { startMs: 400, endMs: 800 };

interface Gap {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly reason: string;
}

interface Receipt {
  readonly state: string;
  readonly startMs: number | null;
}

let bench: ApiBench;

function post(path: string, body: object = {}): Promise<Response> {
  return bench.hush.post(path, body);
}

function erase(id: string, span = interval): Promise<Response> {
  return post(`/api/recordings/${id}/erasures`, { reason: 'test', ...span });
}

/** Reads to its end, or until it is cut off. */
async function taken(path: string): Promise<number> {
  let bytes = 0;
  try {
    const response = await fetch(bench.hush.api + path);
    for await (const piece of response.body ?? []) bytes += (piece as Uint8Array).length;
  } catch {
    // Cut off midway, or before the first byte.
  }
  return bytes;
}

async function untilDone(path: string): Promise<void> {
  const state = async () => (await bench.hush.get<{ state: string }>(path)).state;
  await expect.poll(state).toBe('done');
}

/** Other work on a recording while an interval of it is erased. */
const crowds: readonly [string, (id: string) => Promise<unknown>][] = [
  ['nobody does anything', async () => undefined],
  ['somebody listens', (id) => taken(`/api/recordings/${id}/audio`)],
  [
    'many listen',
    (id) => Promise.all(Array.from({ length: 8 }, () => taken(`/api/recordings/${id}/audio`))),
  ],
  ['it is exported as FLAC', (id) => taken(`/api/recordings/${id}/audio?format=flac`)],
  ['it is exported as Opus', (id) => taken(`/api/recordings/${id}/audio?format=opus`)],
  ['its wave form is made', (id) => taken(`/api/recordings/${id}/peaks`)],
  [
    'the master key is rotated',
    async () => {
      await post('/api/archive/key-rotation');
      await untilDone('/api/archive/key-rotation');
    },
  ],
  [
    'orphans are removed',
    async () => {
      await post('/api/archive/check', { deep: true, remove: true });
      await untilDone('/api/archive/check');
    },
  ],
  ['the same is erased', (id) => erase(id)],
  ['what lies in it is erased', (id) => erase(id, { startMs: 500, endMs: 501 })],
  [
    'what overlaps it is erased',
    (id) =>
      Promise.all([
        erase(id, { startMs: 300, endMs: 500 }),
        erase(id, { startMs: 700, endMs: 800 }),
        erase(id, { startMs: 790, endMs: 795 }),
      ]),
  ],
];

let s3: S3Server;
let postgres: DatabaseServer;
let url = '';
beforeAll(async () => {
  s3 = await S3Server.start();
  postgres = await startPostgres();
  url = (await postgres.empty()).url ?? '';
});
afterAll(async () => {
  await s3.remove();
  await postgres.stop();
});

const places: readonly [string, (config: Config) => Config][] = [
  ['SQLite and disk', (config) => config],
  [
    'PostgreSQL and a bucket',
    (config) => ({
      ...config,
      store: { ...config.store, kind: 'postgres', url },
      archive: {
        ...config.archive,
        s3: { ...config.archive.s3, ...s3.settings, firstRetryMs: 20 } as never,
      },
    }),
  ],
];

describe.each(places)('an erasure of an interval on %s', (name, place) => {
  const inBucket = name.includes('bucket');
  beforeAll(async () => {
    bench = await openBench({
      change: (config) => place({ ...config, auth: { ...config.auth, mode: 'none' } }),
    });
  });
  afterAll(() => bench.close());

  it.each(few(crowds, 1))('while %s, is gone; the rest is as it was', async (_, crowd) => {
    const { hush } = bench;
    // With a bucket, its upload is in progress or just done.
    const { id } = await record(bench, { frames: 60 });
    const before = await hush.audio(id);
    const [answer] = await Promise.all([erase(id), crowd(id)]);
    expect([201, 202]).toContain(answer.status);
    const states = async () => {
      const { items } = await hush.get<{ items: Receipt[] }>(`/api/recordings/${id}/erasures`);
      return [...new Set(items.map(({ state }) => state))];
    };
    await expect.poll(states).toEqual(['done']);
    const from = _ === 'what overlaps it is erased' ? 300 : interval.startMs;
    const [start, end] = [from, interval.endMs].map((ms) => WAV_HEADER + ms * BYTES_PER_MS);
    const after = await hush.audio(id);
    expect(after.length).toBe(before.length);
    expect(after.subarray(start, end).every((byte) => byte === 0)).toBe(true);
    expect(after.subarray(0, start).equals(before.subarray(0, start))).toBe(true);
    expect(after.subarray(end).equals(before.subarray(end))).toBe(true);
    const erased = { startMs: from, lengthMs: interval.endMs - from, reason: 'erased' };
    const sidecar = await hush.get<{ tracks: { gaps: Gap[] }[] }>(`/api/recordings/${id}/sidecar`);
    const { tracks } = await hush.get<{ tracks: { gaps: Gap[] }[] }>(`/api/recordings/${id}`);
    for (const [index, { gaps }] of tracks.entries()) {
      expect(gaps.filter(({ reason }) => reason === 'erased')).toEqual([
        expect.objectContaining(erased),
      ]);
      expect(sidecar.tracks[index]?.gaps).toMatchObject(gaps.map(({ startMs }) => ({ startMs })));
    }
    await expectOneFilePerTrack(id, inBucket);
  });
});

/** No file of an attempt, or of the state before, is left anywhere. */
async function expectOneFilePerTrack(id: string, inBucket: boolean): Promise<void> {
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const onDisk = () => names(join(bench.hush.dataDir, 'recordings', id));
  const objects = () => names(join(s3.folder, 'recordings', 'hush', id));
  const segments = () =>
    [...onDisk(), ...(inBucket ? objects() : [])]
      .filter((one) => one.endsWith('.seg') || one.endsWith('.seg._S3rver_object'))
      .map((one) => one.replace('._S3rver_object', ''))
      .sort();
  await expect
    .poll(segments)
    .toEqual([expect.stringMatching(/^0-0\.\d+\.seg$/), expect.stringMatching(/^1-0\.\d+\.seg$/)]);
  if (inBucket) await expect.poll(onDisk).toEqual([]);
}
