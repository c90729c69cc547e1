import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { privateKey, TestProvider } from '../auth/support/provider.ts';
import { TestHush } from '../support/hush.ts';
import { consoleBench, violations } from './support.ts';

const at = consoleBench();
const eva = {
  ...{ azp: 'hush-console', aud: 'account', preferred_username: 'eva' },
  ...{ realm_access: { roles: ['hush-supervisor'] }, hush_uccs: ['*'] },
};
let provider: TestProvider;
let hush: TestHush;

beforeAll(async () => {
  provider = await TestProvider.start([await privateKey('first')], eva);
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      auth: {
        ...{ ...config.auth, mode: 'external', anonymous: false },
        issuers: [
          {
            ...{ issuer: provider.issuer, clients: ['hush-console'], rolePrefix: 'hush-' },
            ...{ rolesFrom: ['realm_access.roles'], uccsFrom: 'hush_uccs', defaultUccs: [] },
            ...{ nameFrom: ['preferred_username'], urisFrom: [] },
            ...{ consoleClient: 'hush-console', consoleScope: 'openid' },
          },
        ],
      },
    }),
  });
});
// The provider's pages would fetch a font from elsewhere.
beforeEach(() =>
  at.page.route(
    ({ hostname }) => hostname !== '127.0.0.1',
    (route) => route.fulfill({ contentType: 'text/css', body: '' }),
  ),
);
afterAll(async () => {
  await hush.remove();
  await provider.stop();
});

const issuerButton = () =>
  at.page.getByRole('button', { name: `Sign in with ${new URL(provider.issuer).host}` });

/** The provider's own pages: who it is, and that Hush may know. */
async function signInThere(): Promise<void> {
  await at.page.locator('input[name="login"]').fill('eva');
  await at.page.locator('input[name="password"]').fill('any');
  await at.page.locator('button[type="submit"]').click();
  await at.page.getByRole('button', { name: 'Continue' }).click();
}

describe('a person of an issuer elsewhere', () => {
  test('signs in with code and PKCE, stays signed in by renewal, and signs out', async () => {
    await at.page.goto(`${hush.api}/#/recordings`);
    await issuerButton().waitFor();
    expect(await at.page.getByLabel('Password').count()).toBe(0);
    expect(await violations(at.page)).toEqual([]);
    const asked = at.page.waitForRequest((request) => request.url().includes('code_challenge='));
    await issuerButton().click();
    const query = new URL((await asked).url()).searchParams;
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(query.get('client_id')).toBe('hush-console');
    const renewed = at.page.waitForRequest((request) =>
      (request.postData() ?? '').includes('grant_type=refresh_token'),
    );
    await signInThere();
    // One is where one was, and the code is in no address that could be passed on.
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    expect(at.page.url()).toBe(`${hush.api}/#/recordings`);
    await at.page.getByText('eva').waitFor();
    await renewed;
    await at.page.reload();
    await at.page.getByRole('heading', { name: 'Recordings' }).waitFor();
    await at.page.getByRole('button', { name: 'Sign out' }).click();
    await issuerButton().waitFor();
    await at.page.reload();
    await issuerButton().waitFor();
  });

  test('gets nowhere with an answer that was not asked for', async () => {
    await at.page.goto(`${hush.api}/?code=stolen&state=made-up`);
    await at.page.getByText('That sign-in was not begun here.').waitFor();
    expect(at.page.url()).toBe(`${hush.api}/`);
    expect(await at.page.getByRole('link', { name: 'Recordings' }).count()).toBe(0);
  });

  test('is told why the issuer refused', async () => {
    await at.page.goto(hush.api);
    await issuerButton().click();
    await at.page.locator('input[name="login"]').waitFor();
    await at.page.getByText('Cancel').click();
    await at.page.getByText(/The issuer refused: .*abort/i).waitFor();
    await issuerButton().waitFor();
  });

  test('is told when Hush does not take what the issuer gave', async () => {
    await at.page.route(`${provider.issuer}/token`, async (route) => {
      const response = await route.fetch();
      const answer = { ...(await response.json()), access_token: 'not a token of any kind' };
      await route.fulfill({ response, json: answer });
    });
    await at.page.goto(hush.api);
    await issuerButton().click();
    await signInThere();
    await at.page.getByText('Hush does not take the token').waitFor();
    await issuerButton().waitFor();
  });
});
