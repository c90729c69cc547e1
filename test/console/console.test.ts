import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { agent, TestHush, temporaryFolder } from '../support/hush.ts';
import { addDemoPeople, tenantId } from '../support/people.ts';

const built = fileURLToPath(new URL('../../console/dist/index.html', import.meta.url));
const MAX_FIRST_LOAD_BYTES = 300_000;

let bench: ApiBench;
let live: MarkerCall;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  if (!existsSync(built)) throw new Error('the console is not built: npm run console');
  bench = await openBench({
    change: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'none' },
    }),
  });
  live = await bench.caller.call(bench.hush);
  await live.frames(3);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
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
    // A policy that is broken is told here.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      complaints.push(message.text());
  });
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

async function open(path: string): Promise<void> {
  await page.goto(`${bench.hush.api}/#/${path}`);
}

const stateOf = async (): Promise<string> =>
  (await bench.hush.get(`/api/calls/${live.correlationId}`)).recordingState;

/** The samples of the WAV that the page plays, left, of an interval in ms. */
async function heard(id: string, start: number, end: number): Promise<Int16Array> {
  const wav = await bench.hush.audio(id);
  const pcm = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
  return pcm.subarray(start * 16, end * 16).filter((_, index) => index % 2 === 0);
}

describe('the console', () => {
  test('live: a call is paused by a button and started by a key, on behalf of an agent', async () => {
    await open('live');
    const row = page.locator('tr[data-call]').first();
    await row.waitFor();
    expect(await row.textContent()).toContain('Recording');
    await row.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Say on whose behalf').waitFor();
    expect(await stateOf()).toBe('Started');
    await page.getByLabel('On behalf of').fill(agent);
    await row.getByRole('button', { name: 'Pause' }).click();
    await row.getByText('Paused').waitFor();
    expect(await stateOf()).toBe('Paused');
    await row.focus();
    await page.keyboard.press('s');
    await row.getByText('Recording').waitFor();
    expect(await stateOf()).toBe('Started');
    // What somebody else commands is seen as well.
    await bench.hush.command('Pause', live.correlationId);
    await row.getByText('Paused').waitFor();
    await bench.hush.command('Start', live.correlationId);
    await row.getByText('Recording').waitFor();
  });

  test('recordings: found, opened, and what is missing told with its reason', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(30);
    await bench.hush.command('Pause', placed.correlationId);
    await placed.frames(80);
    await bench.hush.command('Start', placed.correlationId);
    await bench.hush.command('Mark', placed.correlationId);
    await placed.frames(110);
    await placed.call.end();
    const { callId } = await bench.hush.settled(placed.correlationId);
    await open('recordings');
    await page.getByLabel('Marked only').check();
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator(`a[href="#/recordings/${callId}"]`).click();
    await page.getByTestId('wave').locator('div').first().waitFor();
    const gaps = page.locator('section', { hasText: 'What is not there' });
    expect(await gaps.textContent()).toContain('paused');
    await page.getByText('Pause, in effect').waitFor();
    expect(await page.getByRole('button', { name: /Mark 0:0/ }).count()).toBe(1);
    // The gap is silent, also where it is played across.
    const [gap] = (await bench.hush.get(`/api/recordings/${callId}`)).tracks[0].gaps;
    const silence = await heard(callId, gap.startMs + 1, gap.startMs + gap.lengthMs - 1);
    expect(silence.length).toBeGreaterThan(2_000);
    expect(silence.every((sample) => sample === 0)).toBe(true);
    await page.getByRole('button', { name: 'Play' }).click();
    await expect
      .poll(() => page.getByTestId('time').textContent(), { timeout: 10_000 })
      .toMatch(/0:0[1-9] /);
  });

  test('an interval is erased by dragging over it', async () => {
    const { id } = await record(bench, { frames: 120 });
    await open(`recordings/${id}`);
    const wave = page.getByTestId('wave');
    await wave.locator('div').first().waitFor();
    await expect.poll(async () => (await wave.boundingBox())?.height ?? 0).toBeGreaterThan(100);
    const box = await wave.boundingBox();
    if (!box) throw new Error('no wave');
    const y = box.y + 30;
    await page.mouse.move(box.x + box.width * 0.25, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, y, { steps: 5 });
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: /Erase the selected part 0:0/ }).click();
    await page.getByLabel('Reason, kept for ever').fill('card number read out');
    await page.getByRole('dialog').getByRole('button', { name: 'Erase the selected part' }).click();
    await page
      .locator('section', { hasText: 'What is not there' })
      .getByText('erased')
      .first()
      .waitFor();
    const { gaps } = await bench.hush.get(`/api/recordings/${id}`);
    expect(gaps.reasons).toEqual(['erased']);
    expect(gaps.lengthMs).toBeGreaterThan(400);
    const [gap] = (await bench.hush.get(`/api/recordings/${id}`)).tracks[0].gaps;
    expect(
      (await heard(id, gap.startMs, gap.startMs + gap.lengthMs)).every((one) => one === 0),
    ).toBe(true);
  });

  test('the payment demo pauses by itself, and what was said then is not there', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(20);
    await open('demo');
    await page.getByText('The call is being recorded.').waitFor();
    await page.getByLabel('Card number').focus();
    await page.getByText('The recording is paused.').waitFor();
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByLabel('Card number').fill('4111 1111 1111 1111');
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 30);
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByText('Paid.').waitFor();
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 30);
    await placed.call.end();
    await page.getByTestId('wave').waitFor();
    await page.getByText('paused by a page').first().waitFor();
  });

  test('health and UCCs: what needs a person, and settings that count', async () => {
    await open('health');
    await page.getByText('● Ready').waitFor();
    await open('uccs');
    await page.getByLabel('Days that recordings are kept').fill('90');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved; it counts').waitFor();
    const [ucc] = (await bench.hush.get('/api/uccs')).items;
    expect([ucc.retentionDays, ucc.useAudioRecording]).toEqual([90, true]);
  });

  test.each(['live', 'recordings', 'health', 'uccs', 'demo'])(
    '%s has nothing that axe objects to, light or dark, wide or narrow',
    async (path) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [1280, 360]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          await open(path);
          await page.locator('h1').waitFor();
          // What is asked for has come, or never will.
          await page.waitForTimeout(300);
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(
            violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
            `${colorScheme} ${width}`,
          ).toEqual([]);
          // Nothing but a table's own box scrolls sideways.
          const overflow = 'document.documentElement.scrollWidth - innerWidth';
          expect(await page.evaluate(overflow), `${width}`).toBeLessThanOrEqual(0);
        }
      }
    },
  );

  test('a recording has nothing that axe objects to', async () => {
    const { id } = await record(bench, { frames: 60 });
    await open(`recordings/${id}`);
    await page.getByTestId('wave').waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html}`)).toEqual([]);
  });

  test('the first load is small, and allows no script but its own', async () => {
    let bytes = 0;
    page.on('response', async (response) => {
      const { pathname } = new URL(response.url());
      if (pathname !== '/' && !pathname.startsWith('/assets/')) return;
      const sizes = await response.request().sizes();
      bytes += sizes.responseBodySize;
    });
    const response = await page.goto(`${bench.hush.api}/`);
    await page.locator('tr[data-call]').first().waitFor();
    const shownMs = await page.evaluate<number>('performance.now()');
    console.log(
      `console: ${bytes} bytes on first load, first call shown after ${shownMs.toFixed(0)} ms`,
    );
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES);
    const policy = response?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });
});

describe('signing in', () => {
  test('each person sees what is theirs, and nobody else gets in', async () => {
    const dataDir = temporaryFolder();
    const people = await addDemoPeople(dataDir);
    const hush = await TestHush.start({
      dataDir,
      config: (config) => ({
        ...config,
        auth: { ...config.auth, mode: 'embedded', tenantId, anonymous: false },
      }),
    });
    const signIn = async (name: string, password: string): Promise<void> => {
      await page.getByLabel('User').fill(name);
      await page.locator('input[name="password"]').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await page.goto(hush.api);
    await signIn(people.supervisor.name, 'wrong password');
    await page.getByText('Wrong name or password.').waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await signIn(people.supervisor.name, people.supervisor.password);
    await page.getByRole('link', { name: 'Recordings' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Recordings' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(people.agent.name, people.agent.password);
    await page.getByRole('link', { name: 'Live' }).waitFor();
    expect(await page.getByRole('link', { name: 'Recordings' }).count()).toBe(0);
    const trail = await hush.get('/api/me');
    expect(trail.status).toBe(401);
    await page.goto('about:blank');
    await hush.remove();
  });
});
