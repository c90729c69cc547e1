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

/** A payment page in a browser, of another origin than Hush's, during a call in progress. */
export class GuardBench {
  bench = undefined as unknown as ApiBench;
  live = undefined as unknown as MarkerCall;
  page = undefined as unknown as Page;
  #site: Server | undefined;
  #origin = '';
  #script = '';
  #browser: Browser | undefined;

  get status(): Locator {
    return this.page.getByRole('status');
  }

  async open(): Promise<void> {
    const site = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    }).listen(0, '127.0.0.1');
    this.#site = site;
    await once(site, 'listening');
    this.#origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const allowedOrigins = [this.#origin];
    this.bench = await openBench({
      change: (config) => ({ ...config, http: { ...config.http, allowedOrigins } }),
    });
    this.live = await this.bench.caller.call(this.bench.hush);
    await this.live.frames(5);
    this.#script = await clientScript();
    const args = ['--no-sandbox'];
    this.#browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  }

  async newPage(): Promise<void> {
    if (!this.#browser) throw new Error('not open');
    this.page = await this.#browser.newPage();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.live?.call.end();
    await this.bench?.close();
    this.#site?.close();
  }

  /** Returns the owners of the call's pauses. */
  readonly owners = async (): Promise<string[]> => {
    const path = `/api/calls/${this.live.correlationId}/pauses`;
    const { pauses } = await this.bench.hush.get(path);
    return pauses.map(({ owner }: { owner: string }) => owner);
  };

  readonly states = (): Promise<string[]> => this.page.evaluate<string[]>('window.states');

  typedInto(id: string): Promise<string> {
    return this.page.locator(`#${id}`).inputValue();
  }

  /** @param call expression for the guarded call, as the page would write it */
  async guard(url: string, more: object = {}, call = 'hush.call(id)'): Promise<void> {
    await this.page.goto(this.#origin);
    await this.page.addScriptTag({ content: this.#script });
    const asked = { url, id: this.live.correlationId, more: { ttlMs: 8_000, ...more } };
    await this.page.evaluate(`(({ url, id, more }) => {
      window.states = [];
      window.submitted = undefined;
      const hush = hushClient.createHush({ url, timeoutMs: 1000 });
      window.guard = hushClient.guardFields(document.querySelector('form'), ${call}, {
        ...more,
        onState: (state) => window.states.push(state),
      });
    })(${JSON.stringify(asked)})`);
  }
}

/** Opened for the tests of a file, with a new page for each. */
export function guardBench(): GuardBench {
  const at = new GuardBench();
  beforeAll(() => at.open());
  afterAll(() => at.close());
  beforeEach(() => at.newPage());
  afterEach(async () => {
    await at.page.close();
    await expect.poll(at.owners, { timeout: 10_000 }).toEqual([]);
  });
  return at;
}

async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'hushClient',
  });
  return outputFiles[0]?.text ?? '';
}
