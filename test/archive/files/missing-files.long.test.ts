import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, openBench, problem, problemOf, record } from '../../http/api-support.ts';
import { few, longTest } from '../../support/length.ts';

/**
 * Tests recordings whose files were removed, or whose disk is away: none of this plays as silence.
 */

let bench: ApiBench;
let id: string;
let whole: Buffer;
let peaks: unknown;

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
  // Another recording, so that the disk is never empty.
  await record(bench, { frames: 5 });
});
afterAll(() => bench.close());

/** Ways to get a recording's audio. */
const ways: readonly (readonly [string, string, RequestInit?])[] = [
  ['the WAV', 'audio'],
  ['a range of it', 'audio', { headers: { Range: 'bytes=1000-1999' } }],
  ['its head', 'audio', { method: 'HEAD' }],
  ['Opus', 'audio?format=opus'],
  ['the head of Opus', 'audio?format=opus', { method: 'HEAD' }],
  ['FLAC', 'audio?format=flac'],
  ['a vCon', 'vcon'],
  ['a vCon of the WAV', 'vcon?audio=wav'],
  ['the head of a vCon', 'vcon', { method: 'HEAD' }],
  ['the sidecar', 'sidecar'],
  ['the wave form', 'peaks'],
];

const segments = (): string => join(bench.hush.dataDir, 'recordings', id);
const ask = (way: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${bench.hush.api}/api/recordings/${id}/${way}`, init);

async function reasons(): Promise<string[]> {
  const { health } = await bench.hush.get(`/api/recordings/${id}`);
  return health.reasons;
}

async function openAlarms(): Promise<string[]> {
  const { items } = await bench.hush.get('/api/alarms?open=true');
  const own = items.filter(({ callId }: { callId: string }) => callId === id);
  return own.map(({ kind }: { kind: string }) => kind);
}

function derived(): unknown[] {
  const database = new DatabaseSync(join(bench.hush.dataDir, 'hush.sqlite'), { readOnly: true });
  const rows = database.prepare('select * from derived where call_id = ?').all(id);
  database.close();
  return rows;
}

async function exportsTold(): Promise<number> {
  const { items } = await bench.hush.get('/api/audit-log?limit=500&action=export');
  return items.filter(({ callId }: { callId: string }) => callId === id).length;
}

const losses: readonly [string, (file: string, bytes: Buffer) => void][] = [
  ['is gone', (file) => rmSync(file)],
  ['is empty', (file) => truncateSync(file, 0)],
  ['ends between two chunks', (file, bytes) => truncateSync(file, bytes.readUInt32BE(4))],
  ['ends within a chunk', (file, bytes) => truncateSync(file, bytes.length - 7)],
  ['is something else', (file) => writeFileSync(file, '<html>Not found</html>'.repeat(200))],
];

describe.each(few(losses, 1))('a recording one of whose files %s', (_, harm) => {
  beforeEach(async () => {
    ({ id } = await record(bench, { frames: 130 }));
    whole = await bench.hush.audio(id);
  });

  test('is not played, and reports it until the file is back', async () => {
    const file = join(segments(), '1-0.seg');
    const bytes = readFileSync(file);
    expect(await reasons()).toEqual([]);
    const told = await exportsTold();
    harm(file, bytes);
    for (const [name, way, init] of ways) {
      const response = await ask(way, init);
      expect([name, response.status]).toEqual([name, 410]);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(response.headers.get('content-disposition')).toBe(null);
      await response.arrayBuffer();
    }
    expect(await problemOf(await ask('audio'))).toEqual(
      problem(410, 'Gone', 'A file of the recording cannot be found, or cannot be found whole.'),
    );
    await expect.poll(reasons).toEqual(['audioMissing']);
    await expect.poll(openAlarms).toEqual(['audioMissing']);
    const { verdict } = await bench.hush.get(`/api/calls/${id}/health`);
    expect([verdict, derived(), await exportsTold()]).toEqual(['degraded', [], told]);
    writeFileSync(file, bytes);
    expect((await bench.hush.audio(id)).equals(whole)).toBe(true);
    await expect.poll(reasons).toEqual([]);
    await expect.poll(openAlarms).toEqual([]);
    peaks = await (await ask('peaks')).json();
    expect(derived()).toHaveLength(1);
    const { channels } = peaks as { channels: { max: number[] }[] };
    for (const { max } of channels) expect(Math.max(...max)).toBeGreaterThan(10);
  });
});

longTest('with no files left has the verdict missing', async () => {
  ({ id } = await record(bench, { frames: 60 }));
  for (const name of readdirSync(segments())) rmSync(join(segments(), name));
  expect((await ask('audio')).status).toBe(410);
  await expect.poll(reasons).toEqual(['nothingKept', 'audioMissing']);
  expect((await bench.hush.get(`/api/calls/${id}/health`)).verdict).toBe('missing');
  await fetch(`${bench.hush.api}/api/recordings/${id}/erasures`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason: 'its files are gone', whole: true }),
  });
  await expect.poll(openAlarms).toEqual([]);
});

longTest('on an unmounted disk comes back with the disk', async () => {
  ({ id } = await record(bench, { frames: 60 }));
  whole = await bench.hush.audio(id);
  const folder = join(bench.hush.dataDir, 'recordings');
  renameSync(folder, `${folder}-elsewhere`);
  for (const [name, way, init] of ways) {
    const response = await ask(way, init);
    expect([name, response.status]).toEqual([name, 503]);
    expect(response.headers.get('retry-after')).toBe('10');
    await response.arrayBuffer();
  }
  expect(await reasons()).toEqual([]);
  renameSync(`${folder}-elsewhere`, folder);
  expect((await bench.hush.audio(id)).equals(whole)).toBe(true);
});

test('damaged later is silent there, and its gap map and verdict say so', async () => {
  ({ id } = await record(bench, { frames: 130 }));
  whole = await bench.hush.audio(id);
  await (await ask('peaks')).json();
  const [before] = derived();
  const etag = (await ask('audio')).headers.get('etag');
  const file = join(segments(), '1-0.seg');
  const bytes = readFileSync(file);
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const heard = await bench.hush.audio(id);
  expect([heard.length, heard.equals(whole)]).toEqual([whole.length, false]);
  await expect.poll(reasons).toEqual(['audioDamaged']);
  const { tracks } = await bench.hush.get(`/api/recordings/${id}`);
  const gaps = tracks.map((one: { gaps: { reason: string }[] }) =>
    one.gaps.map(({ reason }) => reason),
  );
  expect(gaps.flat()).toContain('lost');
  // Files derived from the whole recording are made anew.
  expect((await ask('audio')).headers.get('etag')).not.toBe(etag);
  await (await ask('peaks')).json();
  expect(derived()).not.toEqual([before]);
});

longTest('is reported to its verdict by an archive check', async () => {
  ({ id } = await record(bench, { frames: 60 }));
  rmSync(join(segments(), '0-0.seg'));
  const url = `${bench.hush.api}/api/archive/check`;
  const started = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  expect(started.status).toBe(202);
  await expect.poll(reasons, { timeout: 10_000 }).toEqual(['audioMissing']);
  await expect.poll(openAlarms).toEqual(['audioMissing']);
});
