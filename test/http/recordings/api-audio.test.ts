import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRange } from '../../../src/http/recordings/recording-audio.ts';
import { type ApiBench, openBench, problem, problemOf, record } from '../api-support.ts';

let bench: ApiBench;
let id: string;
let correlationId: string;
let whole: Buffer;

beforeAll(async () => {
  bench = await openBench();
  ({ id, correlationId } = await record(bench, { frames: 30 }));
  whole = await bench.hush.audio(id);
});
afterAll(() => bench.close());

function audio(headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${bench.hush.api}/api/recordings/${id}/audio`, { method, headers });
}

test('the audio is a stereo WAV of 16 bits at 8000 Hz', async () => {
  const { lengthMs } = await bench.hush.get(`/api/recordings/${id}`);
  expect(whole.toString('latin1', 0, 4)).toBe('RIFF');
  expect(whole.readUInt32LE(4)).toBe(whole.length - 8);
  expect(whole.toString('latin1', 8, 16)).toBe('WAVEfmt ');
  expect([whole.readUInt16LE(22), whole.readUInt32LE(24), whole.readUInt16LE(34)]).toEqual([
    2, 8000, 16,
  ]);
  // The length is reported in whole ms; a ms has 8 samples.
  expect(Math.abs((whole.length - 44) / 4 - lengthMs * 8)).toBeLessThan(8);
});

describe('ranges of a recording', () => {
  test.each<[string, (size: number) => [number, number]]>([
    ['bytes=0-99', () => [0, 100]],
    ['bytes=0-0', () => [0, 1]],
    ['bytes=10-60', () => [10, 61]],
    ['bytes=1001-4002', () => [1001, 4003]],
    ['bytes=44-', (size) => [44, size]],
    ['bytes=-50', (size) => [size - 50, size]],
    ['bytes=-99999999', (size) => [0, size]],
    ['bytes=100-99999999', (size) => [100, size]],
  ])('206: %s', async (range, spanOf) => {
    const [start, end] = spanOf(whole.length);
    const response = await audio({ Range: range });
    expect(response.status).toBe(206);
    const { headers } = response;
    expect(headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${whole.length}`);
    expect(headers.get('content-length')).toBe(String(end - start));
    const body = Buffer.from(await response.arrayBuffer());
    expect(body.equals(whole.subarray(start, end))).toBe(true);
  });

  test.each(['', 'bytes=5-2', 'bytes=0-1,5-6', 'bytes=-', 'samples=0-1', 'bytes=a-b'])(
    '200 with the whole file: %j',
    async (range) => {
      const response = await audio(range === '' ? {} : { Range: range });
      expect(response.status).toBe(200);
      expect(response.headers.get('accept-ranges')).toBe('bytes');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-type')).toBe('audio/wav');
      expect(response.headers.get('content-disposition')).toBe(`inline; filename="${id}.wav"`);
      const body = Buffer.from(await response.arrayBuffer());
      expect(body.equals(whole)).toBe(true);
    },
  );

  test.each(['bytes=99999999-', 'bytes=-0'])('416: %s', async (range) => {
    const response = await audio({ Range: range });
    expect(response.headers.get('content-range')).toBe(`bytes */${whole.length}`);
    expect(await problemOf(response)).toEqual(
      problem(416, 'Range not satisfiable', 'The range lies outside the recording.'),
    );
  });

  test('the last byte is included, the one after it is not', () => {
    expect(parseRange('bytes=99-', 100)).toEqual({ start: 99, end: 100 });
    expect(parseRange('bytes=100-', 100)).toBe('unsatisfiable');
  });
});

test('HEAD answers the same headers and no body', async () => {
  const [head, get] = [await audio({}, 'HEAD'), await audio()];
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
  await get.arrayBuffer();
  for (const name of ['content-type', 'content-length', 'accept-ranges', 'content-disposition']) {
    expect(head.headers.get(name), name).toBe(get.headers.get(name));
  }
  const part = await audio({ Range: 'bytes=0-9' }, 'HEAD');
  expect([part.status, part.headers.get('content-length')]).toEqual([200, String(whole.length)]);
});

test('audio is found by correlation id', async () => {
  expect((await bench.hush.audio(correlationId)).equals(whole)).toBe(true);
});

describe('a recording without audio', () => {
  const get = async (of: string) =>
    problemOf(await fetch(`${bench.hush.api}/api/recordings/${of}/audio`));

  test('is 404 if unknown', async () => {
    const expected = problem(404, 'Not found', 'No such recording.');
    expect(await get(randomUUID())).toEqual(expected);
    expect(await get('nonsense')).toEqual(expected);
  });

  test('is 409 while the call is in progress', async () => {
    const placed = await bench.caller.call(bench.hush);
    expect(await get(placed.correlationId)).toEqual(
      problem(409, 'Conflict', 'The call is in progress.'),
    );
    await placed.call.end();
  });

  test('is 410 once it is destroyed', async () => {
    const destroyed = await record(bench, { commands: ['Delete'] });
    const expected = problem(410, 'Gone', 'The recording is destroyed.');
    expect(await get(destroyed.id)).toEqual(expected);
    expect(await get(destroyed.correlationId)).toEqual(expected);
  });
});
