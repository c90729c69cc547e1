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

/** @param call what of `hush` is guarded, as the page would write it */
async function guard(url: string, more: object = {}, call = 'hush.call(id)'): Promise<void> {
  await page.goto(origin);
  await page.addScriptTag({ content: script });
  const asked = { url, id: live.correlationId, more: { ttlMs: 2_000, ...more } };
  await page.evaluate(`(({ url, id, more }) => {
    window.states = [];
    window.submitted = undefined;
    const hush = hushClient.createHush({ url, timeoutMs: 1000 });
    window.guard = hushClient.guardFields(document.querySelector('form'), ${call}, {
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

/** Everything that a hand could do to a field that is shut. */
async function tryToEnter(id: string): Promise<void> {
  await page.locator(`#${id}`).click();
  await page.keyboard.type(PAN);
  await page.keyboard.insertText(PAN);
}

describe('guardFields with the look-up of the call', () => {
  const agentsCall = `() => hush.calls.ofAgent('sip:agent@domain.com')`;

  test.each([agentsCall, `hush.calls.ofAgent('sip:Agent@Domain.com')`])(
    'opens once the call was found, and paused: %s',
    async (call) => {
      await guard(bench.hush.api, {}, call);
      await expect.poll(() => status().textContent()).toBe('The call is being recorded.');
      await page.locator('#card').focus();
      await expect.poll(() => status().textContent()).toContain('is paused');
      await page.keyboard.type(PAN);
      expect(await typedInto('card')).toBe(PAN);
      await page.getByRole('button').click();
      await expect.poll(owners).toEqual([]);
    },
  );

  test.each([
    ['no call', `() => hush.calls.ofAgent('sip:nobody@domain.com')`, 'on no call'],
    ['no agent', `() => hush.calls.ofAgent('')`, 'no agent'],
    ['an agent that is not known', `() => hush.calls.ofAgent(undefined)`, 'no agent'],
    ['a function that gives nothing', `() => undefined`, 'there is none'],
    ['a promise of nothing', `Promise.resolve(null)`, 'there is none'],
    ['a call that is no handle', `async () => ({ id })`, 'there is none'],
    ['a list', `() => hush.calls.list()`, 'there is none'],
    ['a rejected promise', `Promise.reject(new Error('signed out'))`, 'signed out'],
    ['a function that throws', `() => { throw new Error('signed out'); }`, 'signed out'],
    ['a function that throws later', `async () => orThrow(undefined)`, 'orThrow is not defined'],
  ])('stays shut and says why: %s', async (_, call, why) => {
    await guard(bench.hush.api, {}, call);
    await tryToEnter('card');
    await expect.poll(() => status().getAttribute('data-hush-state')).toBe('noCall');
    expect(await status().textContent()).toContain('The call was not found. Do not enter card');
    expect(await status().textContent()).toContain(why);
    await tryToEnter('cvc');
    expect([await typedInto('card'), await typedInto('cvc')]).toEqual(['', '']);
  });

  test('stays shut while the call is looked for, however long', async () => {
    await guard(bench.hush.api, {}, 'new Promise(() => {})');
    await tryToEnter('card');
    expect(await typedInto('card')).toBe('');
    expect(await status().textContent()).toBe('Looking for the call. Please wait before you type.');
    await page.evaluate('window.guard.dispose()');
  });

  test('stays shut with Hush down, and opens once it is back', async () => {
    let isDown = true;
    const proxy = await FaultyProxy.start(bench.hush.api, () => (isDown ? 'cutBefore' : 'none'));
    await guard(proxy.url, {}, agentsCall);
    await tryToEnter('card');
    await expect.poll(() => status().textContent()).toContain('Do not enter card data');
    expect(await status().textContent()).toContain('Hush could not be reached');
    expect(await typedInto('card')).toBe('');
    isDown = false;
    await page.locator('#cvc').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.evaluate('window.guard.release()');
    proxy.close();
  });

  test('stays shut where the agent is on several calls, or the call is a stranger’s', async () => {
    const second = await bench.caller.call(bench.hush);
    await guard(bench.hush.api, {}, agentsCall);
    await tryToEnter('card');
    await expect.poll(() => status().textContent()).toContain('the agent is on 2 calls');
    expect(await typedInto('card')).toBe('');
    await second.call.end();
    // As a recorder answers that does not know the parameter.
    await page.route('**/api/calls?**', (route) =>
      route.continue({ url: `${bench.hush.api}/api/calls` }),
    );
    await guard(bench.hush.api, {}, `() => hush.calls.ofAgent('sip:eva@domain.com')`);
    await tryToEnter('card');
    await expect.poll(() => status().textContent()).toContain('somebody else');
    expect(await typedInto('card')).toBe('');
  });

  test('the next call is looked for anew', async () => {
    await guard(bench.hush.api, { idleMs: 200 }, `() => hush.call(window.callId)`);
    await page.evaluate(`window.callId = '00000000-0000-4000-8000-000000000000'`);
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toContain('could not be paused');
    await page.evaluate(`window.callId = '${live.correlationId}'`);
    await page.locator('#cvc').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.evaluate('window.guard.release()');
  });
});

describe('fields that ship shut', () => {
  test.each(['readOnly', 'disabled'])('open while paused, and are shut again: %s', async (how) => {
    await page.addInitScript(`document.addEventListener('DOMContentLoaded', () => {
      for (const id of ['card', 'cvc']) document.getElementById(id).${how} = true;
    })`);
    await guard(bench.hush.api);
    await page.locator('#card').focus();
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.keyboard.type(PAN);
    expect(await typedInto('card')).toBe(PAN);
    await page.evaluate('window.guard.dispose()');
    expect(await page.evaluate(`document.querySelector('#card').${how}`)).toBe(true);
  });

  test('a field that has the focus already is entered; a form without card fields throws', async () => {
    await page.addInitScript(`document.addEventListener('DOMContentLoaded', () => card.focus())`);
    await guard(bench.hush.api);
    await expect.poll(() => status().textContent()).toContain('is paused');
    await page.evaluate('window.guard.dispose()');
    const bare = `hushClient.guardFields(document.createElement('form'), new Promise(() => {}))`;
    await expect(page.evaluate(bare)).rejects.toThrow('no card fields');
  });

  test('one guard in the place of another leaves nothing open', async () => {
    await guard(bench.hush.api, {}, 'new Promise(() => {})');
    await page.evaluate(`window.first = window.guard;
      window.guard = hushClient.guardFields(document.querySelector('form'), new Promise(() => {}));
      window.first.dispose()`);
    expect(await page.evaluate('card.readOnly')).toBe(true);
    await page.evaluate('window.guard.dispose()');
    expect(await page.evaluate('card.readOnly')).toBe(false);
  });
});
