import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { ffmpegSamples, ffprobe } from '../../support/audio/ffprobe.ts';
import { type ApiBench, openBench, problem, problemOf, record } from '../api-support.ts';

let bench: ApiBench;
let id: string;
let wav: Buffer;

beforeAll(async () => {
  bench = await openBench();
  ({ id } = await record(bench, { frames: 60 }));
  wav = await bench.hush.audio(id);
});
afterAll(() => bench.close());

function audio(query: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${bench.hush.api}/api/recordings/${id}/audio${query}`, init);
}

async function exportsTold(): Promise<number> {
  const { items } = await bench.hush.get('/api/audit-log?limit=500');
  return items.filter(({ action }: { action: string }) => action === 'export').length;
}

const formats = [
  ['flac', 'audio/flac', 'flac', 'flac', 8000],
  ['opus', 'audio/ogg', 'ogg', 'opus', 48_000],
] as const;

describe.each(formats)('an export with format=%s', (format, type, container, codec, sampleRate) => {
  test('streams the recording, and is audited', async () => {
    const before = await exportsTold();
    const response = await audio(`?format=${format}`, { headers: { Range: 'bytes=0-9' } });
    expect(response.status).toBe(200);
    const { headers } = response;
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('accept-ranges')).toBe('none');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-length')).toBe(null);
    expect(headers.get('content-disposition')).toBe(`inline; filename="${id}.${format}"`);
    const file = Buffer.from(await response.arrayBuffer());
    expect(await ffprobe(file)).toMatchObject({
      format: container,
      codec,
      channels: 2,
      sampleRate,
    });
    const frames = (wav.length - WAV_HEADER_BYTES) / 4;
    const samples = await ffmpegSamples(file);
    expect(samples.length / 4).toBe((frames * sampleRate) / 8000);
    if (format === 'flac') expect(samples.equals(wav.subarray(WAV_HEADER_BYTES))).toBe(true);
    expect(await exportsTold()).toBe(before + 1);
  });

  test('answers HEAD with its headers and makes nothing', async () => {
    const before = await exportsTold();
    const response = await audio(`?format=${format}`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(response.headers.get('accept-ranges')).toBe('none');
    expect(await response.text()).toBe('');
    expect(await exportsTold()).toBe(before);
  });
});

test('is the same as no format if it is wav', async () => {
  const response = await audio('?format=wav');
  expect(response.headers.get('accept-ranges')).toBe('bytes');
  expect(Buffer.from(await response.arrayBuffer()).equals(wav)).toBe(true);
});

test.each(['mp3', 'WAV', ''])('400 for an export with format=%s', async (format) => {
  expect((await audio(`?format=${format}`)).status).toBe(400);
});

test('an export frees its place when the client leaves', async () => {
  const { port } = new URL(bench.hush.api);
  for (let index = 0; index < 6; index += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
      socket.write(
        `GET /api/recordings/${id}/audio?format=opus HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      );
    });
    await new Promise((resolve) => {
      socket.once('close', resolve);
      socket.destroy();
    });
  }
  await expect.poll(async () => (await audio('?format=flac')).status).toBe(200);
});

test('an export is answered 503 while the limit is reached', async () => {
  const none = await openBench({
    change: (config) => ({ ...config, archive: { ...config.archive, maxExports: 0 } }),
  });
  const { id: recorded } = await record(none);
  const url = `${none.hush.api}/api/recordings/${recorded}/audio`;
  const response = await fetch(`${url}?format=opus`);
  expect(response.headers.get('retry-after')).toBe('10');
  expect(response.headers.get('content-disposition')).toBe(null);
  expect(await problemOf(response)).toEqual(
    problem(503, 'Not available', 'Too many recordings are being exported; please try again.'),
  );
  expect((await none.hush.audio(recorded)).length).toBeGreaterThan(WAV_HEADER_BYTES);
  await none.close();
});
