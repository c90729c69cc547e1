import { describe, expect, test } from 'vitest';
import { longTest } from '../support/length.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { guardBench, PAN } from './guard-bench.ts';

const at = guardBench();

describe('guardFields', () => {
  test('pauses on the first focus, then accepts input, and resumes after the submit', async () => {
    await at.guard(at.bench.hush.api);
    expect(await at.status.textContent()).toBe('The call is being recorded.');
    await at.page.locator('#name').fill('Eva');
    expect(await at.owners()).toEqual([]);
    await at.page.locator('#card').focus();
    await at.page.keyboard.type('9');
    await expect.poll(() => at.status.textContent()).toContain('is paused');
    expect(await at.owners()).toHaveLength(1);
    const early = await at.typedInto('card');
    await at.page.keyboard.type(PAN);
    // Input before the confirmation of the pause was dropped.
    expect(await at.typedInto('card')).toBe(`${early}${PAN}`);
    await at.page.locator('#cvc').fill('123');
    await at.page.getByRole('button').click();
    await expect
      .poll(at.states)
      .toEqual(['recording', 'pausing', 'paused', 'resuming', 'recording']);
    expect(await at.page.evaluate('window.submitted')).toBeGreaterThanOrEqual(PAN.length);
    expect(await at.owners()).toEqual([]);
  });

  longTest(
    'keeps the pause alive, and resumes when nobody is in a card field any more',
    async () => {
      await at.guard(at.bench.hush.api, { ttlMs: 1_000, idleMs: 500 });
      await at.page.locator('#card').focus();
      await expect.poll(() => at.status.textContent()).toContain('is paused');
      const [owner] = await at.owners();
      await at.page.waitForTimeout(1_800);
      expect(await at.owners()).toEqual([owner]);
      await at.page.locator('#note').focus();
      await expect.poll(at.owners, { timeout: 5_000 }).toEqual([]);
      await expect.poll(() => at.status.textContent()).toBe('The call is being recorded.');
      await at.page.locator('#cvc').focus();
      await expect.poll(() => at.status.textContent()).toContain('is paused');
      expect(await at.owners()).not.toEqual([owner]);
      await at.page.evaluate('window.guard.release()');
    },
  );

  longTest('gives the pause back when the page goes', async () => {
    await at.guard(at.bench.hush.api, { ttlMs: 60_000 });
    await at.page.locator('#card').focus();
    await expect.poll(() => at.status.textContent()).toContain('is paused');
    await at.page.goto('about:blank');
    await expect.poll(at.owners, { timeout: 5_000 }).toEqual([]);
  });

  longTest('accepts no input and says so if Hush does not answer', async () => {
    const proxy = await FaultyProxy.start(at.bench.hush.api, (method) =>
      method === 'POST' ? 'error' : 'none',
    );
    await at.guard(proxy.url);
    await at.page.locator('#card').focus();
    await expect
      .poll(() => at.status.textContent(), { timeout: 10_000 })
      .toBe('The recording could not be paused. Do not enter card data.');
    await at.page.keyboard.type(PAN);
    expect(await at.typedInto('card')).toBe('');
    expect(await at.status.getAttribute('data-hush-state')).toBe('failed');
    proxy.close();
  });

  test('shuts the fields when the pause can no longer be relied on', async () => {
    let isCut = false;
    const proxy = await FaultyProxy.start(at.bench.hush.api, (method) =>
      isCut && method === 'PUT' ? 'cutBefore' : 'none',
    );
    await at.guard(proxy.url, { ttlMs: 1_500 });
    await at.page.locator('#card').focus();
    await expect.poll(() => at.status.textContent()).toContain('is paused');
    await at.page.keyboard.type('41');
    isCut = true;
    await expect.poll(at.states, { timeout: 10_000 }).toContain('failed');
    const typed = await at.typedInto('card');
    await at.page.keyboard.type('1111');
    expect(await at.typedInto('card')).toBe(typed);
    proxy.close();
  });

  longTest('texts are for the page to choose; disposed, the form is as before', async () => {
    await at.guard(at.bench.hush.api, { texts: { paused: 'Pauze' } });
    await at.page.locator('#card').focus();
    await expect.poll(() => at.status.textContent()).toBe('Pauze');
    await at.page.evaluate('window.guard.dispose()');
    expect(await at.status.count()).toBe(0);
    expect(await at.page.evaluate('document.querySelector("#card").readOnly')).toBe(false);
    await at.page.locator('#card').fill('4');
    expect(await at.owners()).toEqual([]);
  });
});
