import { expect, test } from 'vitest';
import { consoleBench } from './support.ts';

const MAX_FIRST_LOAD_BYTES = 300_000;

const at = consoleBench();

test('the first load is small, and allows only its own scripts', async () => {
  let bytes = 0;
  at.page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (pathname !== '/' && !pathname.startsWith('/assets/')) return;
    const sizes = await response.request().sizes();
    bytes += sizes.responseBodySize;
  });
  const response = await at.page.goto(`${at.bench.hush.api}/`);
  await at.page.locator('tr[data-call]').first().waitFor();
  const shownMs = await at.page.evaluate<number>('performance.now()');
  console.log(
    `console: ${bytes} bytes on first load, first call shown after ${shownMs.toFixed(0)} ms`,
  );
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES);
  const policy = response?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
});
