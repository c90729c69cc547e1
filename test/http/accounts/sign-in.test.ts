import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush } from '../../support/hush/hush.ts';
import {
  clientId,
  clientSecret,
  hushWithPeople,
  type Person,
  tenantId,
} from '../../support/people.ts';

const HOUR_MS = 3_600_000;

let hush: TestHush;
let supervisor: Person;
let offsetMs = 0;
beforeAll(async () => {
  ({
    hush,
    people: { supervisor },
  } = await hushWithPeople({ clock: { now: () => Date.now() + offsetMs } }));
});
afterAll(() => hush.remove());

function post(path: string, token: string | undefined, body?: object): Promise<Response> {
  return fetch(`${hush.api}${path}`, {
    method: 'POST',
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

interface Token {
  token: string;
  expiresInMs: number;
}

function signIn(password = supervisor.password): Promise<Response> {
  return post('/api/sign-in', undefined, { username: supervisor.name, password });
}

async function renewed(token: string): Promise<string | number> {
  const response = await post('/api/sign-in/renewal', token);
  return response.ok ? ((await response.json()) as Token).token : response.status;
}

describe('signing in', () => {
  test('refuses a wrong password without repeating name or password', async () => {
    const refused = await signIn('not it');
    const text = await refused.text();
    expect(refused.status).toBe(401);
    expect(text).toContain('Wrong name or password.');
    for (const secret of ['not it', supervisor.name]) expect(text).not.toContain(secret);
  });

  test('renews a token for twelve hours, and no longer', async () => {
    offsetMs = 0;
    const { token: first, expiresInMs } = (await (await signIn()).json()) as Token;
    const { auth_time: signedInAt } = decodeJwt(first);
    let token = first;
    while (offsetMs + expiresInMs / 2 < 12 * HOUR_MS - 60_000) {
      offsetMs += expiresInMs / 2;
      token = String(await renewed(token));
    }
    expect(decodeJwt(token)).toMatchObject({ auth_time: signedInAt, sub: supervisor.name });
    offsetMs = 12 * HOUR_MS + 1_000;
    expect(await renewed(token)).toBe(409);
    offsetMs = 0;
  });

  test('exchanges no other token for one of the console', async () => {
    const form = new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'password',
      username: supervisor.name,
      password: supervisor.password,
    });
    const address = `${hush.api}/auth/realms/${tenantId}/protocol/openid-connect/token`;
    const answer = await fetch(address, { method: 'POST', body: form });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    expect(await renewed(token)).toBe(409);
    expect((await post('/api/sign-in/renewal', undefined)).status).toBe(401);
  });
});

describe('the ways to sign in', () => {
  const issuer = {
    issuer: 'https://login.example.com/realms/cc',
    clients: ['coreapi', 'hush-console'],
    rolesFrom: ['roles'],
    rolePrefix: 'hush-',
    uccsFrom: 'hush_uccs',
    defaultUccs: [],
    nameFrom: ['sub'],
    urisFrom: [],
    consoleScope: 'openid profile',
  };
  const elsewhere = { ...issuer, issuer: 'https://machines.example.com' };
  const issuers = [{ ...issuer, consoleClient: 'hush-console' }, elsewhere];

  test('are name and password at the embedded issuer, whatever else is configured', async () => {
    const at = await TestHush.start({
      config: (config) => ({ ...config, auth: { ...config.auth, mode: 'embedded', issuers } }),
    });
    expect(await at.get('/api/sign-in')).toEqual({
      password: true,
      firstAdmin: true,
      issuers: [],
    });
    await at.remove();
  });

  test('are the external issuers that know the console, before anybody is signed in', async () => {
    const at = await TestHush.start({
      config: (config) => ({
        ...config,
        auth: { ...config.auth, mode: 'external', anonymous: false, issuers },
      }),
    });
    expect(await at.get('/api/sign-in')).toEqual({
      password: false,
      firstAdmin: false,
      issuers: [{ issuer: issuer.issuer, clientId: 'hush-console', scope: issuer.consoleScope }],
    });
    await at.remove();
  });
});
