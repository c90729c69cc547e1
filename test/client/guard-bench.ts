import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';

const entry = fileURLToPath(new URL('../../client/src/index.ts', import.meta.url));
export const PAN = '4111111111111111';

const html = `<!DOCTYPE html><title>Pay</title>
<form onsubmit="event.preventDefault(); submitted = card.value.length">
  <label>Name <input id="name" autocomplete="cc-name"></label>
  <label>Card <input id="card" autocomplete="cc-number" inputmode="numeric"></label>
  <label>CVC <input id="cvc" autocomplete="cc-csc"></label>
  <label>Note <input id="note"></label>
  <button>Pay</button>
</form>`;

export interface GuardBench {
  readonly bench: ApiBench;
  readonly live: MarkerCall;
  readonly page: Page;
  readonly status: Locator;
  /** Whose pauses the call has. */
  owners(): Promise<string[]>;
  /** @param call what of `hush` is guarded, as the page would write it */
  guard(url: string, more?: object, call?: string): Promise<void>;
  states(): Promise<string[]>;
  typedInto(id: string): Promise<string>;
}

/** A payment page in a browser, of another origin than Hush's, beside a call that goes on. */
export function guardBench(): GuardBench {
  let [bench, live, page] = [] as unknown as [ApiBench, MarkerCall, Page];
  let [site, origin, script, browser] = [] as unknown as [Server, string, string, Browser];

  beforeAll(async () => {
    site = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    bench = await openBench({
      change: (config) => ({ ...config, http: { ...config.http, allowedOrigins: [origin] } }),
    });
    live = await bench.caller.call(bench.hush);
    await live.frames(5);
    script = await clientScript();
    const args = ['--no-sandbox'];
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
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

  return {
    get bench() {
      return bench;
    },
    get live() {
      return live;
    },
    get page() {
      return page;
    },
    get status() {
      return page.getByRole('status');
    },
    ...{ owners, guard },
    states: () => page.evaluate<string[]>('window.states'),
    typedInto: (id) => page.locator(`#${id}`).inputValue(),
  };
}

async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: 'iife' },
    globalName: 'hushClient',
  });
  return outputFiles[0]?.text ?? '';
}
