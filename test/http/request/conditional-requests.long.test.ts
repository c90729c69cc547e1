import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { runProgram } from '../../support/programs.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: Buffer;
}

let bench: ApiBench;
let id: string;
let whole: Buffer;

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
});
afterAll(() => bench.close());
beforeEach(async () => {
  ({ id } = await record(bench, { frames: 60 }));
  whole = await bench.hush.audio(id);
});

/** Sends the request as it is: nothing is cached or retried. */
function ask(headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const url = `${bench.hush.api}/api/recordings/${id}/audio`;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Answer['headers'],
        body: Buffer.concat(pieces),
      });
    });
    asked.once('error', reject).end();
  });
}

/** Returns the date once its second is over. */
async function dateOf(): Promise<string> {
  const date = async () => (await ask({}, 'HEAD')).headers['last-modified'];
  await expect.poll(date, { timeout: 5_000 }).toBeDefined();
  return (await date()) as string;
}

async function erase(): Promise<void> {
  const { status } = await fetch(`${bench.hush.api}/api/recordings/${id}/erasures`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason: 'test', startMs: 200, endMs: 600 }),
  });
  expect(status).toBe(201);
}

async function exportsTold(): Promise<number> {
  await bench.hush.get('/api/health');
  const { items } = await bench.hush.get('/api/audit-log?limit=500&action=export');
  return items.filter(({ callId }: { callId: string }) => callId === id).length;
}

test('an erasure keeps the length, and changes entity tag and date', async () => {
  const before = await ask();
  const dateBefore = await dateOf();
  expect(before.headers.etag).toMatch(/^"[\w-]{22}"$/);
  expect((await ask()).headers.etag).toBe(before.headers.etag);
  await erase();
  const after = await ask();
  expect(after.body.length).toBe(before.body.length);
  expect(after.headers.etag).not.toBe(before.headers.etag);
  const date = await dateOf();
  expect(Date.parse(date)).toBeGreaterThan(Date.parse(dateBefore));
  // A client that resumes an old download gets the whole file anew.
  for (const ifRange of [before.headers.etag ?? '', dateBefore]) {
    const resumed = await ask({ Range: 'bytes=2000-', 'If-Range': ifRange });
    expect([resumed.status, resumed.body.equals(after.body)]).toEqual([200, true]);
  }
  for (const ifRange of [after.headers.etag ?? '', date]) {
    const resumed = await ask({ Range: 'bytes=2000-', 'If-Range': ifRange });
    expect([resumed.status, resumed.body.equals(after.body.subarray(2_000))]).toEqual([206, true]);
    expect(resumed.headers.etag).toBe(after.headers.etag);
  }
  const beyond = { Range: 'bytes=99999999-' };
  expect((await ask({ ...beyond, 'If-Range': after.headers.etag ?? '' })).status).toBe(416);
  expect((await ask({ ...beyond, 'If-Range': before.headers.etag ?? '' })).status).toBe(200);
});

longTest('304 sends nothing, and leaves no row of an export', async () => {
  // There is one row for this minute.
  const told = await exportsTold();
  const { headers } = await ask({}, 'HEAD');
  const date = await dateOf();
  for (const asked of [{ 'If-None-Match': headers.etag ?? '' }, { 'If-Modified-Since': date }]) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask({ ...asked, Range: 'bytes=0-9' }, method);
      expect([answer.status, answer.body.length]).toEqual([304, 0]);
      expect(answer.headers.etag).toBe(headers.etag);
      expect(answer.headers['content-range']).toBeUndefined();
    }
  }
  expect(await exportsTold()).toBe(told);
  await erase();
  expect((await ask({ 'If-None-Match': headers.etag ?? '' })).status).toBe(200);
});

longTest('412 if the recording has changed', async () => {
  const { etag = '' } = (await ask()).headers;
  expect((await ask({ 'If-Match': etag })).status).toBe(200);
  await erase();
  const answer = await ask({ 'If-Match': etag });
  expect([answer.status, answer.headers['content-type']]).toEqual([
    412,
    'application/problem+json; charset=utf-8',
  ]);
});

test('HEAD answers as GET would, without ranges', async () => {
  const [head, get] = [await ask({ Range: 'bytes=0-9' }, 'HEAD'), await ask()];
  expect([head.status, head.body.length]).toEqual([200, 0]);
  const names = ['content-type', 'content-length', 'accept-ranges', 'etag', 'last-modified'];
  for (const name of names) expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
  expect((await ask({ Range: 'bytes=99999999-' }, 'HEAD')).status).toBe(200);
});

longTest('only a single range is served, whatever else is requested', async () => {
  for (const range of ['bytes=0-1,5-6', 'bytes=0-1, 5-6', 'items=0-1', 'bytes=9-3', 'bytes=x']) {
    const { status, body } = await ask({ Range: range });
    expect([range, status, body.equals(whole)]).toEqual([range, 200, true]);
  }
  const { status, headers } = await ask({ Range: `bytes=${whole.length}-` });
  expect([status, headers['content-range']]).toEqual([416, `bytes */${whole.length}`]);
});

describe('curl, which resumes downloads', () => {
  const url = () => `${bench.hush.api}/api/recordings/${id}/audio`;
  const resume = (file: string, ...more: string[]) =>
    runProgram('curl', ['-sS', '--fail', '-C', '-', '-o', file, ...more, url()]);

  longTest('gets the same file', async () => {
    const file = join(temporaryFolder(), 'call.wav');
    writeFileSync(file, whole.subarray(0, 3_000));
    await resume(file);
    expect(readFileSync(file).equals(whole)).toBe(true);
  });

  test('never mixes two files with If-Range', async () => {
    const file = join(temporaryFolder(), 'call.wav');
    const etag = (await ask()).headers.etag ?? '';
    writeFileSync(file, whole.subarray(0, 3_000));
    await erase();
    // curl refuses the whole file in place of the rest, rather than appending it.
    await expect(resume(file, '-H', `If-Range: ${etag}`)).rejects.toThrow(/ended with 33/);
    expect(statSync(file).size).toBe(3_000);
    truncateSync(file, 0);
    await resume(file, '-H', `If-Range: ${etag}`);
    expect(readFileSync(file).equals(await bench.hush.audio(id))).toBe(true);
  });
});
