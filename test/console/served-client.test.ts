import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/hush/hush.ts';
import { consoleBench } from './support.ts';

const at = consoleBench();
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(at.bench.hush.api + path, { headers });
}

describe('/client/', () => {
  test('a page imports the client from Hush and lists calls', async () => {
    await at.page.goto(`${at.bench.hush.api}/`);
    const script = `import('/client/hush-client.js').then(async ({ createHush, orThrow }) => {
      const hush = createHush({ url: location.origin });
      return orThrow(await hush.calls.list()).map(({ correlationId }) => correlationId);
    })`;
    expect(await at.page.evaluate(script)).toEqual([at.live.correlationId]);
  });

  test('Node runs the same file', async () => {
    const file = join(folder, 'hush-client.mjs');
    writeFileSync(file, await (await get('/client/hush-client.js')).text());
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `import { createHush, orThrow } from './hush-client.mjs';
       const hush = createHush({ url: process.argv[2] });
       console.log(orThrow(await hush.call(process.argv[3]).get()).recordingState);`,
    );
    const { correlationId } = at.live;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[program, at.bench.hush.api, correlationId],
    ]);
    expect(stdout.trim()).toBe('Started');
  });

  test('its types are served as text, each under its own name', async () => {
    const types = await get('/client/hush-client.d.ts');
    expect(types.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const text = await types.text();
    expect(text).toContain("from './api-types.ts'");
    const names = await (await get('/client/api-types.d.ts')).text();
    expect(names).toContain('export interface Recording {');
    for (const [, name = ''] of text.matchAll(/from '\.\/([\w-]+)\.ts'/g)) {
      expect((await get(`/client/${name}.d.ts`)).status).toBe(200);
    }
  });
});

describe('files of the console', () => {
  test('are sent compressed to who takes that, and as they are to others', async () => {
    const compressed = await get('/client/hush-client.js', { 'Accept-Encoding': 'gzip' });
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(compressed.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(compressed.headers.get('vary')).toMatch(/accept-encoding/i);
    const plain = await get('/client/hush-client.js', { 'Accept-Encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe(await compressed.text());
  });

  test('are kept by what they are named after, and looked for again where they are not', async () => {
    const page = await get('/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const [asset = ''] = /\/assets\/[\w.-]+\.js/.exec(await page.text()) ?? [];
    const { headers } = await get(asset);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const etag = page.headers.get('etag') ?? '';
    // As a browser looks again; `fetch` would ask for a new copy.
    const looksAgain = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
    expect((await get('/', looksAgain)).status).toBe(304);
    const head = await fetch(`${at.bench.hush.api}/`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('are all that is served of the folder', async () => {
    const missing = ['/.stamp', '/client/', '/client', '/assets/', '/index.html.gz'];
    const statuses = missing.map(async (path) => (await get(path)).status);
    expect(await Promise.all(statuses)).toEqual(missing.map(() => 404));
  });
});
