import type { Request } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { privateKey, TestProvider } from '../auth/support/provider.ts';
import { TestHush } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { consoleBench, violations } from './support.ts';

/** Half the life of the provider's tokens. */
const HALF_A_LIFE_MS = 61_000;

const at = consoleBench();
const eva = {
  azp: 'hush-console',
  aud: 'account',
  preferred_username: 'eva',
  realm_access: { roles: ['hush-supervisor'] },
  hush_uccs: ['*'],
};
let provider: TestProvider;
let hush: TestHush;

beforeAll(async () => {
  provider = await TestProvider.start([await privateKey('first')], eva);
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      auth: {
        ...config.auth,
        mode: 'external',
        anonymous: false,
        issuers: [
          {
            issuer: provider.issuer,
            clients: ['hush-console'],
            rolePrefix: 'hush-',
            rolesFrom: ['realm_access.roles'],
            uccsFrom: 'hush_uccs',
            defaultUccs: [],
            nameFrom: ['preferred_username'],
            urisFrom: [],
            consoleClient: 'hush-console',
            consoleScope: 'openid',
          },
        ],
      },
    }),
  });
});
beforeEach(async () => {
  await at.page.clock.install();
  // The provider's pages would fetch a font from elsewhere.
  await at.page.route(
    ({ hostname }) => hostname !== '127.0.0.1',
    (route) => route.fulfill({ contentType: 'text/css', body: '' }),
  );
});
afterAll(async () => {
  await hush.remove();
  await provider.stop();
});

const issuerButton = () =>
  at.page.getByRole('button', { name: `Sign in with ${new URL(provider.issuer).host}` });

const isRenewal = (request: Request): boolean =>
  (request.postData() ?? '').includes('grant_type=refresh_token');

/** Signs in on the provider's own pages, and consents. */
async function signInThere(): Promise<void> {
  await at.page.locator('input[name="login"]').fill('eva');
  await at.page.locator('input[name="password"]').fill('any');
  await at.page.locator('button[type="submit"]').click();
  await at.page.getByRole('button', { name: 'Continue' }).click();
}

describe('a user of an external issuer', () => {
  longTest('signs in with code and PKCE, stays signed in by renewal, and signs out', async () => {
    await at.page.goto(`${hush.api}/#/recordings`);
    await issuerButton().waitFor();
    expect(await at.page.getByLabel('Password').count()).toBe(0);
    expect(await violations(at.page)).toEqual([]);
    const asked = at.page.waitForRequest((request) => request.url().includes('code_challenge='));
    await issuerButton().click();
    const query = new URL((await asked).url()).searchParams;
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(query.get('client_id')).toBe('hush-console');
    await signInThere();
    // The user is back on the same page, and the code is in no address that could be passed on.
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    expect(at.page.url()).toBe(`${hush.api}/#/recordings`);
    await at.page.getByText('eva').waitFor();
    const renewed = at.page.waitForRequest(isRenewal);
    await at.page.clock.fastForward(HALF_A_LIFE_MS);
    await at.page.reload();
    await renewed;
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    await at.page.getByRole('button', { name: 'Sign out' }).click();
    await issuerButton().waitFor();
    await at.page.reload();
    await issuerButton().waitFor();
  });

  longTest('who signs out while a token is renewed stays out', async () => {
    await at.page.goto(`${hush.api}/#/recordings`);
    await issuerButton().click();
    await signInThere();
    await at.page.getByRole('button', { name: 'Sign out' }).waitFor();
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    await at.page.route(`${provider.issuer}/token`, async (route) => {
      await mayAnswer;
      await route.continue();
    });
    const asked = at.page.waitForRequest(isRenewal);
    const answered = at.page.waitForEvent('requestfinished', isRenewal);
    await at.page.clock.fastForward(HALF_A_LIFE_MS);
    await at.page.getByRole('link', { name: 'Health' }).click();
    await asked;
    await at.page.getByRole('button', { name: 'Sign out' }).click();
    await issuerButton().waitFor();
    answer();
    await answered;
    await at.page.reload();
    await issuerButton().waitFor();
  });

  longTest('signs in again when the token ends, where the issuer gives no other', async () => {
    await at.page.route(`${provider.issuer}/token`, async (route) => {
      const response = await route.fetch();
      const { refresh_token: _, ...json } = await response.json();
      await route.fulfill({ response, json });
    });
    const renewals: string[] = [];
    at.page.on('request', (request) => {
      if (isRenewal(request) || request.url().endsWith('/renewal')) renewals.push(request.url());
    });
    await at.page.goto(`${hush.api}/#/recordings`);
    await issuerButton().click();
    await signInThere();
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    await at.page.clock.fastForward(HALF_A_LIFE_MS);
    await at.page.reload();
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    await at.page.clock.fastForward(HALF_A_LIFE_MS);
    await at.page.reload();
    await issuerButton().waitFor();
    expect(renewals).toEqual([]);
  });

  test('gains nothing with an unsolicited answer', async () => {
    await at.page.goto(`${hush.api}/?code=stolen&state=made-up`);
    await at.page.getByText('This sign-in was not started here.').waitFor();
    expect(at.page.url()).toBe(`${hush.api}/`);
    expect(await at.page.getByRole('link', { name: 'Recordings' }).count()).toBe(0);
  });

  longTest.each([
    ['another state', { state: 'made-up' }],
    ['another issuer', { iss: 'https://elsewhere.example' }],
  ])('gains nothing with the answer of %s', async (_, changed) => {
    let isCodeSent = false;
    at.page.on('request', (request) => {
      isCodeSent ||= request.method() === 'POST' && request.url() === `${provider.issuer}/token`;
    });
    await at.page.goto(hush.api);
    const asked = at.page.waitForRequest((request) => request.url().includes('code_challenge='));
    await issuerButton().click();
    const state = String(new URL((await asked).url()).searchParams.get('state'));
    await at.page.locator('input[name="login"]').waitFor();
    const query = new URLSearchParams({ code: 'stolen', state, iss: provider.issuer, ...changed });
    await at.page.goto(`${hush.api}/?${query}`);
    await at.page.getByText('This sign-in was not started here.').waitFor();
    expect(at.page.url()).toBe(`${hush.api}/`);
    expect(isCodeSent).toBe(false);
  });

  longTest.each([
    ['issuer', 'https://elsewhere.example', 'its configuration is invalid'],
    ['token_endpoint', 'https://elsewhere.example/token', 'has another origin'],
  ])('does not go to an issuer whose %s is another', async (name, value, words) => {
    await at.page.route(`${provider.issuer}/.well-known/**`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), [name]: value } });
    });
    await at.page.goto(hush.api);
    await issuerButton().click();
    await at.page.getByText(words).waitFor();
    expect(at.page.url()).toBe(`${hush.api}/`);
  });

  longTest('is told that it takes https', async () => {
    await at.page.addInitScript("Object.defineProperty(crypto, 'subtle', { value: undefined })");
    await at.page.goto(hush.api);
    await issuerButton().click();
    await at.page.getByText('requires HTTPS').waitFor();
  });

  longTest('who goes back from the issuer may try again', async () => {
    // An answer without a page: what is shown stays, as it does in a browser that kept it.
    await at.page.route(`${provider.issuer}/auth?**`, (route) => route.fulfill({ status: 204 }));
    await at.page.goto(hush.api);
    for (let times = 0; times < 2; times += 1) {
      const asked = at.page.waitForRequest((request) => request.url().includes('code_challenge='));
      await issuerButton().click();
      await asked;
      await at.page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
      );
    }
  });

  longTest('is told why the issuer refused', async () => {
    await at.page.goto(hush.api);
    await issuerButton().click();
    await at.page.locator('input[name="login"]').waitFor();
    await at.page.getByText('Cancel').click();
    await at.page.getByText(/The issuer refused: .*abort/i).waitFor();
    await issuerButton().waitFor();
  });

  longTest('is told when Hush does not take what the issuer gave', async () => {
    await at.page.route(`${provider.issuer}/token`, async (route) => {
      const response = await route.fetch();
      const answer = { ...(await response.json()), access_token: 'not a token of any kind' };
      await route.fulfill({ response, json: answer });
    });
    await at.page.goto(hush.api);
    await issuerButton().click();
    await signInThere();
    await at.page.getByText('Hush does not accept the token').waitFor();
    await issuerButton().waitFor();
  });
});
