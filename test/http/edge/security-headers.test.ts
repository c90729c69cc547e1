import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHush, ucc } from '../../support/hush/hush.ts';

let hush: TestHush;

beforeAll(async () => {
  hush = await TestHush.start();
});
afterAll(() => hush.remove());

test.each([
  ['/api/health', 200],
  ['/api/nothing', 404],
  [`/attendantservice/api/v2/recording/capabilities/${ucc}`, 401],
  ['/attendantservice/hubs/recording', 400],
])('%s (%i) is neither framed, sniffed nor cached, and reveals nothing', async (path, status) => {
  const { headers, status: answered } = await fetch(hush.api + path);
  expect(answered).toBe(status);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('strict-transport-security')).toBeNull();
});

test('the docs page shows the API in a browser without violating its policy', {
  timeout: 60_000,
}, async () => {
  const profile = mkdtempSync(join(tmpdir(), 'hush-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Hush has no favicon yet.
      const isIcon = message.location().url.endsWith('/favicon.ico');
      if (message.type() === 'error' && !isIcon) complaints.push(message.text());
    });
    await page.goto(`${hush.api}/docs/`);
    await page.getByText('Core REST Recording API').first().waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
