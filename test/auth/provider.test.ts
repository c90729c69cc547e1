import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestHush, ucc } from '../support/hush/hush.ts';
import { privateKey, TestProvider } from './support/provider.ts';

const keycloak = {
  azp: 'coreapi',
  aud: 'account',
  typ: 'Bearer',
  preferred_username: 'service-coreapi',
  realm_access: { roles: ['hush-integrator', 'offline_access'] },
  hush_uccs: [ucc],
};
const entra = {
  appid: 'coreapi',
  aud: 'api://hush',
  ver: '2.0',
  upn: 'eva@domain.com',
  roles: ['hush-supervisor'],
  hush_uccs: '*',
};
let [first, second]: JWK[] = [];
let provider: TestProvider | undefined;
let hush: TestHush | undefined;

beforeAll(async () => {
  [first, second] = [await privateKey('first'), await privateKey('second')];
});
afterEach(async () => {
  await hush?.remove();
  hush = undefined;
});
afterAll(() => provider?.stop());

/** @returns its issuer */
async function startProvider(...asked: Parameters<typeof TestProvider.start>): Promise<string> {
  provider = await TestProvider.start(...asked);
  return provider.issuer;
}

async function startHush(issuer: string, times: object = {}): Promise<TestHush> {
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      auth: {
        ...config.auth,
        mode: 'external',
        tokenCacheMs: 0,
        keysCooldownMs: 1,
        ...times,
        issuers: [
          {
            issuer,
            clients: ['coreapi'],
            rolePrefix: 'hush-',
            uccsFrom: 'hush_uccs',
            rolesFrom: ['roles', 'realm_access.roles'],
            nameFrom: ['preferred_username', 'upn', 'sub'],
            urisFrom: ['upn'],
            defaultUccs: [],
            consoleScope: 'openid',
          },
        ],
      },
    }),
  });
  return hush;
}

async function tokenFrom(issuer: string): Promise<string> {
  const body = new URLSearchParams({
    client_id: 'coreapi',
    client_secret: 'provider-secret',
    grant_type: 'client_credentials',
  });
  const response = await fetch(`${issuer}/token`, { method: 'POST', body });
  const answer = (await response.json()) as { access_token?: string };
  if (!answer.access_token) throw new Error(JSON.stringify(answer));
  return answer.access_token;
}

async function knock(at: TestHush, token: string): Promise<[number, unknown]> {
  const url = `${at.api}/attendantservice/api/v2/recording/capabilities/${ucc}`;
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  const { ErrorMessage } = (await response.json()) as { ErrorMessage: unknown };
  return [response.status, ErrorMessage];
}

const retry = { ErrorType: 3, Message: 'The token could not be verified now, please try again.' };

describe('tokens of a real OpenID provider', () => {
  test.each([
    ['Keycloak', keycloak],
    ['Entra', entra],
  ])('are accepted in the shape of %s', async (_, claims) => {
    const issuer = await startProvider([first], claims);
    const at = await startHush(issuer);
    expect(await knock(at, await tokenFrom(issuer))).toEqual([200, null]);
    await provider?.stop();
  });

  test('stay valid while keys change and the issuer goes away', async () => {
    const issuer = await startProvider([first], keycloak);
    const port = Number(new URL(issuer).port);
    const at = await startHush(issuer);
    const old = await tokenFrom(issuer);
    expect(await knock(at, old)).toEqual([200, null]);
    await provider?.stop();
    await startProvider([second, first], keycloak, port);
    const fresh = await tokenFrom(issuer);
    expect(await knock(at, fresh)).toEqual([200, null]);
    expect(await knock(at, old)).toEqual([200, null]);
    await provider?.stop();
    expect(await knock(at, fresh)).toEqual([200, null]);
  });

  test('are answered 503, not 401, if their issuer was never reachable', async () => {
    const issuer = await startProvider([first], keycloak);
    const token = await tokenFrom(issuer);
    await provider?.stop();
    expect(await knock(await startHush(issuer), token)).toEqual([503, retry]);
  });
});
