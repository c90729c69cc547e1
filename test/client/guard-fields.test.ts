import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { FaultyProxy } from './faulty-proxy.ts';

const entry = fileURLToPath(new URL('../../client/src/index.ts', import.meta.url));
const PAN = '4111111111111111';

const html = `<!DOCTYPE html><title>Pay</title>
<form onsubmit="event.preventDefault(); submitted = card.value.length">
  <label>Name <input id="name" autocomplete="cc-name"></label>
  <label>Card <input id="card" autocomplete="cc-number" inputmode="numeric"></label>
  <label>CVC <input id="cvc" autocomplete="cc-csc"></label>
  <label>Note <input id="note"></label>
  <button>Pay</button>
</form>`;

let bench: ApiBench;
let live: MarkerCall;
let site: Server;
let origin: string;
let script: string;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  site = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  // The payment page is somebody else's: another origin, which Hush knows.
  bench = await openBench({
    change: (config) => ({ ...config, http: { ...config.http, allowedOrigins: [origin] } }),
  });
  live = await bench.caller.call(bench.hush);
  await live.frames(5);
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: 'iife' },
    globalName: 'hushClient',
  });
  script = outputFiles[0]?.text ?? '';
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await live?.call.end();
  await bench?.close();
  site.close();
});
beforeEach(async () => {
  page = await browser.newPage();
});
afterEach(async () => {
  await page.close();
  await expect.poll(owners, { timeout: 10_000 }).toEqual([]);
});

async function owners(): Promise<string[]> {
  const { pauses } = await bench.hush.get(`/api/calls/${live.correlationId}/pauses`);
  return pauses.map(({ owner }: { owner: string }) => owner);
}

async function guard(url: string, more: object = {}): Promise<void> {
  await page.goto(origin);
  await page.addScriptTag({ content: script });
  const asked = { url, id: live.correlationId, more: { ttlMs: 2_000, ...more } };
  await page.evaluate(`(({ url, id, more }) => {
    window.states = [];
    window.submitted = undefined;
    const hush = hushClient.createHush({ url, timeoutMs: 1000 });
    window.guard = hushClient.guardFields(document.querySelector('form'), hush.call(id), {
      ...more,
      onState: (state) => window.states.push(state),
    });
  })(${JSON.stringify(asked)})`);
}

const status = () => page.getByRole('status');
const states = () => page.evaluate<string[]>('window.states');
const typedInto = (id: string) => page.locator(`#${id}`).inputValue();

describe('guardFields', () => {
  test('pauses on the first focus, lets in what is typed from then on, resumes after the submit', async () => {
    await guard(bench.hush.api);
    expect(await status().textContent()).toBe('The call is being recorded.');
    await page.locator('#name').fill('Eva');
    expect(await owners()).toEqual([]);
    await page.locator('#card').focus();
    await page.keyboard.type('9');
    await expect.poll(() => status().textContent()).toContain('is paused');
    expect(await owners()).toHaveLength(1);
    const early = await typedInto('card');
    await page.keyboard.type(PAN);
    // What was typed before the pause was confirmed is not there.
    expect(await typedInto('card')).toBe(`${early}${PAN}`);
    await page.locator('#cvc').fill('123');
    await page.getByRole('button').click();
    await expect.poll(states).toEqual(['recording', 'pausing', 'paused', 'resuming', 'recording']);
    expect(await page.evaluate('window.submitted')).toBeGreaterThanOrEqual(PAN.length);
    expect(await owners()).toEqual([]);
  });

  test('keeps the pause alive, and resumes when nobody is in a card field any more', async () => {
    await guard(bench.hush.api, { ttlMs: 1_000, idleMs: 500 });
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    const [owner] = await owners();
    await page.waitForTimeout(1_800);
    expect(await owners()).toEqual([owner]);
    await page.locator('#note').focus();
    await expect.poll(owners, { timeout: 5_000 }).toEqual([]);
    await expect.poll(() => status().textContent()).toBe('The call is being recorded.');
    await page.locator('#cvc').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    expect(await owners()).not.toEqual([owner]);
    await page.evaluate('window.guard.release()');
  });

  test('gives the pause back when the page goes', async () => {
    await guard(bench.hush.api, { ttlMs: 60_000 });
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.goto('about:blank');
    await expect.poll(owners, { timeout: 5_000 }).toEqual([]);
  });

  test('nothing can be typed where Hush does not answer, and it is said', async () => {
    const proxy = await FaultyProxy.start(bench.hush.api, (method) =>
      method === 'POST' ? 'error' : 'none',
    );
    await guard(proxy.url);
    await page.locator('#card').focus();
    await expect
      .poll(() => status().textContent(), { timeout: 10_000 })
      .toBe('The recording could not be paused. Do not enter card data.');
    await page.keyboard.type(PAN);
    expect(await typedInto('card')).toBe('');
    expect(await status().getAttribute('data-hush-state')).toBe('failed');
    proxy.close();
  });

  test('the fields are shut when the pause can no longer be relied on', async () => {
    let isCut = false;
    const proxy = await FaultyProxy.start(bench.hush.api, (method) =>
      isCut && method === 'PUT' ? 'cutBefore' : 'none',
    );
    await guard(proxy.url, { ttlMs: 1_500 });
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.keyboard.type('41');
    isCut = true;
    await expect.poll(states, { timeout: 10_000 }).toContain('failed');
    const typed = await typedInto('card');
    await page.keyboard.type('1111');
    expect(await typedInto('card')).toBe(typed);
    proxy.close();
  });

  test('texts are for the page to choose; disposed, the form is as before', async () => {
    await guard(bench.hush.api, { texts: { paused: 'Pauze' } });
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toBe('Pauze');
    await page.evaluate('window.guard.dispose()');
    expect(await status().count()).toBe(0);
    expect(await page.evaluate('document.querySelector("#card").readOnly')).toBe(false);
    await page.locator('#card').fill('4');
    expect(await owners()).toEqual([]);
  });
});
