import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush, temporaryFolder, ucc } from '../support/hush.ts';
import {
  addDemoPeople,
  clientSecret,
  fetchToken,
  type Person,
  tenantId,
  tokenForm,
  tokenUrl,
} from '../support/people.ts';

const MAX_FAILURES = 4;
let hush: TestHush;
let eva: Person;
let auditor: Person;
const log: string[] = [];
/** Everything that no log may hold. */
const secrets: string[] = [clientSecret];

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const people = await addDemoPeople(dataDir);
  eva = people.integrator;
  auditor = people.auditor;
  secrets.push(...Object.values(people).map(({ password }) => password));
  const write = (line: string): void => void log.push(line);
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      auth: {
        ...{ ...config.auth, mode: 'embedded', tenantId, anonymous: false },
        maxFailuresPerUser: MAX_FAILURES,
      },
    }),
    overrides: { logger: pino({ level: 'trace' }, { write }) },
  });
});
afterAll(() => hush.remove());

function ask(form: URLSearchParams | string): Promise<Response> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return fetch(tokenUrl(hush.api), { method: 'POST', body: String(form), headers });
}

describe('the documented token request', () => {
  test('answers an OAuth 2.0 token response, which nobody keeps', async () => {
    const response = await ask(tokenForm(eva));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const answer = (await response.json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ expires_in: 300, token_type: 'Bearer' });
    secrets.push(String(answer.access_token));
    expect(decodeJwt(String(answer.access_token))).toMatchObject({
      ...{ azp: 'coreapi', aud: 'account', roles: ['hush-integrator'], hush_uccs: ['*'] },
      iss: `${hush.api}/auth/realms/${tenantId}`,
    });
  });

  test('its token verifies with the keys that discovery leads to', async () => {
    const token = await fetchToken(hush.api, eva);
    const issuer = `${hush.api}/auth/realms/${tenantId}`;
    const found = await hush.get(`/auth/realms/${tenantId}/.well-known/openid-configuration`);
    expect(found.issuer).toBe(issuer);
    const jwks = (await (await fetch(found.jwks_uri)).json()) as JSONWebKeySet;
    expect(jwks.keys[0]).not.toHaveProperty('d');
    await expect(jwtVerify(token, createLocalJWKSet(jwks), { issuer })).resolves.toBeDefined();
  });

  test('is good for v2, and only for v2', async () => {
    const headers = { Authorization: `Bearer ${await fetchToken(hush.api, eva)}` };
    const url = `${hush.api}/attendantservice/api/v2/recording/capabilities/${ucc}`;
    expect(await (await fetch(url, { headers })).json()).toMatchObject({ ErrorMessage: null });
    expect((await fetch(url)).headers.get('www-authenticate')).toBe('Bearer');
    expect((await fetch(url.replace('/v2', ''), { headers })).status).toBe(403);
  });

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['a wrong client', { client_id: 'other' }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'authorization_code' }, 400, 'unsupported_grant_type'],
    ['no password', { password: '' }, 400, 'invalid_request'],
    ['an endless password', { password: 'x'.repeat(300) }, 400, 'invalid_request'],
  ])('%s', async (_, changes, status, error) => {
    const response = await ask(tokenForm(eva, changes as Record<string, string>));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
  });

  test('a wrong user and a wrong password are answered alike, to the byte', async () => {
    const wrongUser = await ask(tokenForm({ ...auditor, name: 'nobody' }));
    const wrongPassword = await ask(tokenForm({ ...auditor, password: 'not the password' }));
    expect([wrongUser.status, await wrongUser.text()]).toEqual([
      wrongPassword.status,
      await wrongPassword.text(),
    ]);
  });

  test('one parameter twice, another realm, another type', async () => {
    expect((await ask(`${tokenForm(eva)}&username=other`)).status).toBe(400);
    const elsewhere = tokenUrl(hush.api).replace(tenantId, '00000000-0000-4000-8000-000000000000');
    expect((await fetch(elsewhere, { method: 'POST', body: tokenForm(eva) })).status).toBe(404);
    const json = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };
    expect((await fetch(tokenUrl(hush.api), json)).status).toBe(415);
  });

  test('too many failures: 429, for the right password too, with Retry-After', async () => {
    const victim = { name: 'the-supervisor', password: 'the password of the-supervisor' };
    expect((await ask(tokenForm(victim))).status).toBe(200);
    for (let count = 0; count < MAX_FAILURES; count += 1) {
      const answer = await ask(tokenForm({ ...victim, password: `guess ${count} of many` }));
      expect(answer.status).toBe(401);
    }
    const locked = await ask(tokenForm(victim));
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(tokenForm(eva))).status).toBe(200);
  });
});

test('signing keys are the owner’s alone', () => {
  const file = join(hush.dataDir, 'issuer-keys.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8')).tenantId).toBe(tenantId);
});

test('the access trail holds every attempt', async () => {
  const headers = { Authorization: `Bearer ${await fetchToken(hush.api, auditor)}` };
  const response = await fetch(`${hush.api}/api/access-trail?limit=500`, { headers });
  const { items } = (await response.json()) as { items: Record<string, unknown>[] };
  const token = items.filter(({ action }) => action === 'token');
  expect(token).toContainEqual(expect.objectContaining({ who: 'the-integrator', outcome: 'ok' }));
  expect(token).toContainEqual(
    expect.objectContaining({ who: 'nobody', outcome: 'denied', reason: 'user' }),
  );
  expect(items).toContainEqual(
    expect.objectContaining({ action: 'user add', door: 'cli', outcome: 'ok' }),
  );
});

test('no log line holds a token, a password or a secret, whatever is done with them', async () => {
  const token = await fetchToken(hush.api, eva);
  secrets.push(token);
  const hub = `${hush.api}/attendantservice/v2/hubs/recording`;
  const bad = `${token}x`;
  for (const query of [token, bad]) {
    await fetch(`${hub}/negotiate?negotiateVersion=1&access_token=${query}`, { method: 'POST' });
    await fetch(`${hub}?id=none&access_token=${query}`);
    await fetch(`${hush.api}/attendantservice/api/v2/recording/${query}/${query}`, {
      headers: { Authorization: `Bearer ${query}` },
    });
  }
  await ask(`${tokenForm(eva)}&password=${secrets[1]}`);
  const text = log.join('\n');
  expect(log.length).toBeGreaterThan(0);
  for (const secret of secrets) expect(text).not.toContain(secret);
  const headers = { Authorization: `Bearer ${await fetchToken(hush.api, auditor)}` };
  const trail = await (await fetch(`${hush.api}/api/access-trail?limit=500`, { headers })).text();
  for (const secret of secrets.slice(0, -1)) expect(trail).not.toContain(secret);
});
