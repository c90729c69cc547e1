import { describe, expect, test } from 'vitest';
import { few, longTest } from '../support/length.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { guardBench, PAN } from './guard-bench.ts';

const at = guardBench();

/** Tries every way for a user to change a field that is shut. */
async function tryToEnter(id: string): Promise<void> {
  await at.page.locator(`#${id}`).click();
  await at.page.keyboard.type(PAN);
  await at.page.keyboard.insertText(PAN);
}

describe('guardFields with the look-up of the call', () => {
  const agentsCall = `() => hush.calls.ofAgent('sip:agent@domain.com')`;

  test.each(few([agentsCall, `hush.calls.ofAgent('sip:Agent@Domain.com')`], 1))(
    'opens once the call was found and paused: %s',
    async (call) => {
      await at.guard(at.bench.hush.api, {}, call);
      await expect.poll(() => at.status.textContent()).toBe('The call is being recorded.');
      await at.page.locator('#card').focus();
      await expect.poll(() => at.status.textContent()).toContain('is paused');
      await at.page.keyboard.type(PAN);
      expect(await at.typedInto('card')).toBe(PAN);
      await at.page.getByRole('button').click();
      await expect.poll(at.owners).toEqual([]);
    },
  );

  test.each(
    few(
      [
        ['no call', `() => hush.calls.ofAgent('sip:nobody@domain.com')`, 'on no call'],
        ['no agent', `() => hush.calls.ofAgent('')`, 'no agent'],
        ['an agent that is not known', `() => hush.calls.ofAgent(undefined)`, 'no agent'],
        ['a function that gives nothing', `() => undefined`, 'there is none'],
        ['a promise of nothing', `Promise.resolve(null)`, 'there is none'],
        ['a call that is no handle', `async () => ({ id })`, 'there is none'],
        ['a list', `() => hush.calls.list()`, 'there is none'],
        ['a rejected promise', `Promise.reject(new Error('signed out'))`, 'signed out'],
        ['a function that throws', `() => { throw new Error('signed out'); }`, 'signed out'],
        [
          'a function that throws later',
          `async () => orThrow(undefined)`,
          'orThrow is not defined',
        ],
      ] as const,
      3,
    ),
  )('stays shut and says why: %s', async (_, call, why) => {
    await at.guard(at.bench.hush.api, {}, call);
    await tryToEnter('card');
    await expect.poll(() => at.status.getAttribute('data-hush-state')).toBe('noCall');
    expect(await at.status.textContent()).toContain('The call was not found. Do not enter card');
    expect(await at.status.textContent()).toContain(why);
    await tryToEnter('cvc');
    expect([await at.typedInto('card'), await at.typedInto('cvc')]).toEqual(['', '']);
  });

  longTest('stays shut while the look-up runs, however long', async () => {
    await at.guard(at.bench.hush.api, {}, 'new Promise(() => {})');
    await tryToEnter('card');
    expect(await at.typedInto('card')).toBe('');
    expect(await at.status.textContent()).toBe(
      'Looking for the call. Please wait before you type.',
    );
    await at.page.evaluate('window.guard.dispose()');
  });

  longTest('stays shut with Hush down, and opens once it is back', async () => {
    let isDown = true;
    const proxy = await FaultyProxy.start(at.bench.hush.api, () => (isDown ? 'cutBefore' : 'none'));
    await at.guard(proxy.url, {}, agentsCall);
    await tryToEnter('card');
    await expect.poll(() => at.status.textContent()).toContain('Do not enter card data');
    expect(await at.status.textContent()).toContain('Hush could not be reached');
    expect(await at.typedInto('card')).toBe('');
    isDown = false;
    await at.page.locator('#cvc').focus();
    await expect.poll(() => at.status.textContent()).toContain('is paused');
    await at.page.evaluate('window.guard.release()');
    proxy.close();
  });

  longTest(
    'stays shut where the agent is on several calls, or the call is a stranger’s',
    async () => {
      const second = await at.bench.caller.call(at.bench.hush);
      await at.guard(at.bench.hush.api, {}, agentsCall);
      await tryToEnter('card');
      await expect.poll(() => at.status.textContent()).toContain('the agent is on 2 calls');
      expect(await at.typedInto('card')).toBe('');
      await second.call.end();
      // As a recorder answers that does not know the parameter.
      await at.page.route('**/api/calls?**', (route) =>
        route.continue({ url: `${at.bench.hush.api}/api/calls` }),
      );
      await at.guard(at.bench.hush.api, {}, `() => hush.calls.ofAgent('sip:eva@domain.com')`);
      await tryToEnter('card');
      await expect.poll(() => at.status.textContent()).toContain('somebody else');
      expect(await at.typedInto('card')).toBe('');
    },
  );

  longTest('the next call is looked for anew', async () => {
    await at.guard(at.bench.hush.api, { idleMs: 200 }, `() => hush.call(window.callId)`);
    await at.page.evaluate(`window.callId = '00000000-0000-4000-8000-000000000000'`);
    await at.page.locator('#card').focus();
    await expect.poll(() => at.status.textContent()).toContain('could not be paused');
    await at.page.evaluate(`window.callId = '${at.live.correlationId}'`);
    await at.page.locator('#cvc').focus();
    await expect.poll(() => at.status.textContent()).toContain('is paused');
    await at.page.evaluate('window.guard.release()');
  });
});

describe('fields that ship shut', () => {
  test.each(few(['readOnly', 'disabled'] as const, 1))(
    'open while paused, and are shut again: %s',
    async (how) => {
      await at.page.addInitScript(`document.addEventListener('DOMContentLoaded', () => {
      for (const id of ['card', 'cvc']) document.getElementById(id).${how} = true;
    })`);
      await at.guard(at.bench.hush.api);
      await at.page.locator('#card').focus();
      await expect.poll(() => at.status.textContent()).toContain('is paused');
      await at.page.keyboard.type(PAN);
      expect(await at.typedInto('card')).toBe(PAN);
      await at.page.evaluate('window.guard.dispose()');
      expect(await at.page.evaluate(`document.querySelector('#card').${how}`)).toBe(true);
    },
  );

  longTest(
    'a field that has the focus already is entered; a form without card fields throws',
    async () => {
      await at.page.addInitScript(
        `document.addEventListener('DOMContentLoaded', () => card.focus())`,
      );
      await at.guard(at.bench.hush.api);
      await expect.poll(() => at.status.textContent()).toContain('is paused');
      await at.page.evaluate('window.guard.dispose()');
      const bare = `hushClient.guardFields(document.createElement('form'), new Promise(() => {}))`;
      await expect(at.page.evaluate(bare)).rejects.toThrow('no card fields');
    },
  );

  longTest('stay shut when another guard replaces the first', async () => {
    await at.guard(at.bench.hush.api, {}, 'new Promise(() => {})');
    await at.page.evaluate(`window.first = window.guard;
      window.guard = hushClient.guardFields(document.querySelector('form'), new Promise(() => {}));
      window.first.dispose()`);
    expect(await at.page.evaluate('card.readOnly')).toBe(true);
    await at.page.evaluate('window.guard.dispose()');
    expect(await at.page.evaluate('card.readOnly')).toBe(false);
  });
});
