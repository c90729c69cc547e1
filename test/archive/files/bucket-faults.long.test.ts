import { existsSync, readFileSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { S3Files } from '../../../src/archive/files/s3-files.ts';
import { Playback } from '../../../src/archive/playback/playback.ts';
import type { Config } from '../../../src/config/schema.ts';
import { AudioAwayError } from '../../../src/domain/model/errors.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { type ApiBench, openBench, record } from '../../http/api-support.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { type BucketFault, FaultyBucket } from '../../support/bucket/faulty-bucket.ts';
import { S3Server } from '../../support/bucket/s3-server.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';
import { rowsOf } from '../damage/damage.ts';
import { loudFrame } from '../damage/harms.ts';
import { StoredCall } from '../stored-call.ts';

/** Tests a bucket that is unreachable, replaced or faulty: none of this plays as silence. */

let server: S3Server;
let between: FaultyBucket;
let bench: ApiBench;
let id: string;
let whole: Buffer;

const configured = (config: Config, more: object = {}): Config => ({
  ...config,
  auth: { ...config.auth, mode: 'none' },
  archive: {
    ...config.archive,
    s3: {
      ...config.archive.s3,
      ...server.settings,
      endpoint: `http://127.0.0.1:${between.port}`,
      requestTimeoutMs: 2_000,
      firstRetryMs: 20,
      maxRetryMs: 100,
      ...more,
    } as never,
  },
});

beforeAll(async () => {
  server = await S3Server.start();
  between = await FaultyBucket.start(server.port);
  bench = await openBench({ change: (config) => configured(config) });
  ({ id } = await record(bench, { frames: 100 }));
  const folder = join(bench.hush.dataDir, 'recordings', id);
  await vi.waitUntil(() => !existsSync(folder), { timeout: 10_000 });
  whole = await bench.hush.audio(id);
}, 60_000);
afterAll(async () => {
  await bench.close();
  between.close();
  await server.remove();
});

const ways = ['audio', 'audio?format=opus', 'audio?format=flac', 'vcon', 'sidecar', 'peaks'];
const ask = (way: string, api = bench.hush.api): Promise<Response> =>
  fetch(`${api}/api/recordings/${id}/${way}`);

async function statuses(api?: string): Promise<[string, number, string | null][]> {
  const found: [string, number, string | null][] = [];
  for (const way of ways) {
    const response = await ask(way, api);
    found.push([way, response.status, response.headers.get('retry-after')]);
    await response.arrayBuffer();
  }
  return found;
}

const health = async (): Promise<{ verdict: string; reasons: string[] }> =>
  (await bench.hush.get(`/api/recordings/${id}`)).health;

const faults: readonly BucketFault[] = [
  ...(['page', 'pageMissing', 'noSuchBucket', 'forbidden', 'unavailable', 'reset'] as const),
  ...(['short', 'shortHead', 'longHead'] as const),
];

test.each(few(faults, 1))(
  '%s: 503, and the recording is as whole as before',
  async (fault) => {
    between.fault = fault;
    try {
      expect(await statuses()).toEqual(ways.map((way) => [way, 503, '10']));
      const head = await fetch(`${bench.hush.api}/api/recordings/${id}/audio`, { method: 'HEAD' });
      expect(head.status).toBe(503);
    } finally {
      between.fault = undefined;
    }
    expect(await health()).toMatchObject({ verdict: 'complete', reasons: [] });
    expect((await bench.hush.audio(id)).equals(whole)).toBe(true);
  },
  60_000,
);

test.each<BucketFault>(few(['reset', 'short', 'page', 'forbidden', 'noSuchKey'], 1))(
  '%s behind the first byte ends the answer, and is no silence',
  async (fault) => {
    const call = new StoredCall();
    call.track('PCMU', 8000).addAll(0, loudFrame(120 * 8_000), { samples: 160 });
    await call.end();
    const files = new S3Files({ ...server.settings, endpoint: `http://127.0.0.1:${between.port}` });
    const path = segmentFile(rowsOf(call)[0] as SegmentRecord);
    await files.write(path, readFileSync(join(call.recordingsDir, path)));
    const { keys } = unsealing(call);
    const rows = { tracks: call.tracks, segments: rowsOf(call), gaps: [] };
    const playback = await Playback.open({ files, keys, ...rows });
    const pieces = playback.wav();
    await pieces.next();
    between.fault = fault;
    const rest = (async () => {
      for await (const _ of pieces);
    })();
    await expect(rest).rejects.toThrow(AudioAwayError);
    between.fault = undefined;
    await playback.close();
    call.remove();
  },
);

describe('an object that the bucket itself reports missing', () => {
  test('is gone: 410, and the verdict says so until it is back', async () => {
    const folder = join(server.folder, 'recordings', 'hush', id);
    const names = (await readdir(folder)).filter((name) => name.startsWith('1-0.seg'));
    for (const name of names) await rename(join(folder, name), join(server.folder, name));
    try {
      expect(await statuses()).toEqual(ways.map((way) => [way, 410, null]));
      await expect.poll(async () => (await health()).reasons).toEqual(['audioMissing']);
    } finally {
      for (const name of names) await rename(join(server.folder, name), join(folder, name));
    }
    expect((await bench.hush.audio(id)).equals(whole)).toBe(true);
    await expect.poll(async () => (await health()).reasons).toEqual([]);
  }, 60_000);
});

test.each(
  few(
    [
      ['a bucket that is not there', { bucket: 'nothing-there' }],
      ['a bucket of somebody else', { prefix: 'elsewhere/' }],
      ['a store that is away', { endpoint: 'http://127.0.0.1:9' }],
    ],
    1,
  ),
)(
  '%s: 503',
  async (_, more) => {
    await bench.hush.stop();
    const { dataDir } = bench.hush;
    const wrong = await TestHush.start({ dataDir, config: (config) => configured(config, more) });
    try {
      expect(await statuses(wrong.api)).toEqual(ways.map((way) => [way, 503, '10']));
      expect((await wrong.get(`/api/recordings/${id}`)).health.reasons).toEqual([]);
      const url = `${wrong.api}/api/archive/check`;
      const headers = { 'Content-Type': 'application/json' };
      await fetch(url, { method: 'POST', headers, body: '{}' });
      const state = async () => (await wrong.get('/api/archive/check')).state;
      await expect.poll(state, { timeout: 20_000 }).toBe('failed');
    } finally {
      await wrong.stop();
    }
  },
  60_000,
);
