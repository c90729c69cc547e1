import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import type { Person } from '../support/people.ts';

const built = fileURLToPath(new URL('../../console/dist/index.html', import.meta.url));

const TEST_TIMEOUT_MS = 120_000;

/** A Hush with one live call, and a new page of Chromium for each test. */
export interface ConsoleBench {
  readonly bench: ApiBench;
  readonly live: MarkerCall;
  readonly page: Page;
  open(path: string): Promise<void>;
}

/** Registers the hooks of a test file, which fill in the returned bench. */
export function consoleBench(): ConsoleBench {
  let bench: ApiBench;
  let live: MarkerCall;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  // A browser of its own per file, beside all the others of the suite.
  vi.setConfig({ testTimeout: TEST_TIMEOUT_MS });
  beforeAll(async () => {
    bench = await openBench({
      change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
    });
    live = await bench.caller.call(bench.hush);
    await live.frames(3);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await live?.call.end();
    await bench?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Violations of the policy are reported here.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
        complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
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
    open: async (path) => void (await page.goto(`${bench.hush.api}/#/${path}`)),
  };
}

function launch(): Promise<Browser> {
  if (!existsSync(built)) throw new Error('the console is not built: npm run console');
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

/** Returns axe's violations on the page in its present state. */
export async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Signs in on a page that asks for it. */
export async function signIn(page: Page, { name, password }: Person): Promise<void> {
  await page.getByLabel('User').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
