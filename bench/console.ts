import { rmSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { TestCaller } from '../test/support/calls.ts';
import { temporaryFolder } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import { freeRtpPorts } from '../test/support/ports.ts';

const MANY = 500;
const FEW = 5;
const BATCH = 50;
const COMMANDS = 40;
const agent = 'sip:agent@domain.com';

/** Measures the work of a browser's main thread for 500 live calls against that for five. */
export async function benchConsole(): Promise<void> {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir, rtpPorts: await freeRtpPorts(4_000) });
  const caller = await TestCaller.open();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const ids: string[] = [];
  const upTo = async (count: number): Promise<void> => {
    while (ids.length < count) {
      const some = Math.min(BATCH, count - ids.length);
      const placed = await Promise.all(
        Array.from({ length: some }, () => caller.call(hush, { silent: true })),
      );
      ids.push(...placed.map(({ correlationId }) => correlationId));
    }
  };
  try {
    for (const count of [FEW, MANY]) {
      await upTo(count);
      const { shownMs, tasks } = await watched(browser, hush.api, ids);
      const long = tasks.filter((ms) => ms > 100).length;
      console.log(
        `  ${count} live calls: first call shown after ${shownMs.toFixed(0)} ms; scrolled through, ` +
          `${COMMANDS} commands: ${tasks.length} tasks over 50 ms, ${long} over 100 ms, ` +
          `the longest ${Math.max(0, ...tasks).toFixed(0)} ms`,
      );
    }
  } finally {
    await browser.close();
    await hush.end('SIGKILL');
    await caller.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function watched(
  browser: Browser,
  api: string,
  ids: readonly string[],
): Promise<{ shownMs: number; tasks: number[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${api}/`);
  await page.locator('tr[data-call]').first().waitFor();
  const shownMs = await page.evaluate<number>('performance.now()');
  await page.evaluate(`window.tasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.tasks.push(duration);
    }).observe({ type: 'longtask' });`);
  for (let index = 0; index < COMMANDS; index += 1) {
    await fetch(`${api}/attendantservice/api/recording/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        Action: 'Mark',
        RequesterSipUri: agent,
        UCCName: 'ucc-demo-name',
        CorrelationId: ids[index % ids.length],
      }),
    });
    await page.mouse.wheel(0, 700);
    await page.waitForTimeout(40);
  }
  await page.waitForTimeout(500);
  const tasks = await page.evaluate<number[]>('window.tasks');
  await page.close();
  return { shownMs, tasks };
}
