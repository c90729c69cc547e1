import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush } from '../../support/hush/hush.ts';
import {
  fetchToken,
  hushWithPeople,
  type Person,
  tokenForm,
  tokenUrl,
} from '../../support/people.ts';

let hush: TestHush;
let admin: string;

beforeAll(async () => {
  const started = await hushWithPeople();
  hush = started.hush;
  admin = await fetchToken(hush.api, started.people.admin);
});
afterAll(() => hush.remove());

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(hush.api + path, {
    method,
    headers: {
      Authorization: `Bearer ${admin}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: text === '' ? undefined : JSON.parse(text) };
}

async function tokenStatus(person: Person, changes: Record<string, string> = {}): Promise<number> {
  const body = tokenForm(person, changes);
  return (await fetch(tokenUrl(hush.api), { method: 'POST', body })).status;
}

describe('users of the embedded issuer', () => {
  const eva = { name: 'eva', password: 'correct horse battery' };
  const settings = { roles: ['supervisor'], uccs: ['ucc-demo-name'] };

  test('are added, get tokens, new passwords and roles, and are removed', async () => {
    const added = await ask('PUT', '/api/users/Eva', { ...settings, password: eva.password });
    expect(added.status).toBe(201);
    expect(added.body).toEqual({
      name: 'eva',
      sipUri: null,
      createdAt: expect.any(String),
      ...settings,
    });
    expect(await tokenStatus(eva)).toBe(200);
    const changed = { roles: ['auditor', 'agent'], sipUri: 'sip:eva@domain.com' };
    expect(await ask('PUT', '/api/users/eva', changed)).toMatchObject({
      status: 200,
      body: { roles: ['agent', 'auditor'], uccs: [] },
    });
    expect(await tokenStatus(eva)).toBe(200);
    await ask('PUT', '/api/users/eva', { ...settings, password: 'another long password' });
    expect(await tokenStatus(eva)).toBe(401);
    const listed = await ask('GET', '/api/users');
    expect(listed.body.items.map(({ name }: Person) => name)).toContain('eva');
    expect(listed.text).not.toContain('scrypt');
    expect((await ask('DELETE', '/api/users/EVA')).status).toBe(204);
    expect((await ask('DELETE', '/api/users/eva')).status).toBe(404);
    const { body } = await ask('GET', '/api/audit-log?limit=50');
    const actions = body.items.map(({ action }: { action: string }) => action);
    for (const action of [
      'user add eva',
      'user change eva',
      'user change and passwd eva',
      'user remove eva',
    ]) {
      expect(actions).toContain(action);
    }
    expect(JSON.stringify(body)).not.toContain(eva.password);
  });

  test.each([
    [{ ...settings }, 'a new user needs a password.'],
    [{ ...settings, password: 'short' }, undefined],
    [{ roles: [], password: eva.password }, undefined],
    [{ roles: ['king'], password: eva.password }, undefined],
    [{ roles: ['agent'], password: eva.password }, 'give its SIP URI.'],
    [{ roles: ['admin'], uccs: ['a b'], password: eva.password }, 'a b is no name of a UCC.'],
    [{ roles: ['admin'], sipUri: 'x', password: eva.password }, 'x is no SIP or tel URI.'],
    [{ roles: ['admin'], password: eva.password, admin: true }, undefined],
  ])('are refused with %j, and nothing is written', async (body, words) => {
    const refused = await ask('PUT', '/api/users/nobody', body);
    expect(refused.status).toBe(400);
    if (words !== undefined) expect(refused.body.detail).toContain(words);
    expect(refused.text).not.toContain(eva.password);
    const { items } = (await ask('GET', '/api/users')).body;
    expect(items.some(({ name }: Person) => name === 'nobody')).toBe(false);
  });
});

test('a client gets a secret, then a new one, and is removed', async () => {
  const first = await ask('PUT', '/api/clients/crm', {});
  expect(first).toMatchObject({ status: 201, body: { id: 'crm', secret: expect.any(String) } });
  const user = { name: 'crm-user', password: 'correct horse battery' };
  await ask('PUT', '/api/users/crm-user', { roles: ['integrator'], password: user.password });
  const status = (secret: string) => tokenStatus(user, { client_id: 'crm', client_secret: secret });
  expect(await status(first.body.secret)).toBe(200);
  const second = await ask('PUT', '/api/clients/crm', {});
  expect(second.status).toBe(200);
  expect([await status(first.body.secret), await status(second.body.secret)]).toEqual([401, 200]);
  const listed = await ask('GET', '/api/clients');
  expect(listed.body.items).toContainEqual({ id: 'crm', createdAt: expect.any(String) });
  expect(listed.text).not.toContain('scrypt');
  expect((await ask('DELETE', '/api/clients/crm')).status).toBe(204);
  expect(await status(second.body.secret)).toBe(401);
});

test('nobody can add a client with the id of the console', async () => {
  const refused = await ask('PUT', '/api/clients/hush-console', {});
  expect(refused.status).toBe(400);
  expect(refused.body.detail).toBe('hush-console is the console, which has no secret.');
});

test('without the embedded issuer there are no users', async () => {
  const other = await TestHush.start({
    config: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
  expect((await fetch(`${other.api}/api/users`)).status).toBe(404);
  await other.remove();
});
