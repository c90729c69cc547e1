import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { TestHush, temporaryFolder } from '../../support/hush/hush.ts';
import { addDemoPeople, tenantId } from '../../support/people.ts';

let hush: TestHush;
let lines: Record<string, unknown>[];
const eva = { name: 'eva', password: 'correct horse battery' };

async function start(dataDir = temporaryFolder()): Promise<string | undefined> {
  lines = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  hush = await TestHush.start({
    dataDir,
    overrides: { logger: pino({ level: 'warn' }, { write }) },
    config: (config) => ({ ...config, auth: { ...config.auth, mode: 'embedded', tenantId } }),
  });
  return lines.find(({ code }) => code !== undefined)?.code as string | undefined;
}
afterEach(() => hush.remove());

const make = (code: string, more: object = {}) =>
  hush.post('/api/sign-in/first-admin', { code, ...eva, ...more });
const ways = () => hush.get('/api/sign-in');

test('a Hush without users logs a code that creates one admin, once', async () => {
  const code = (await start()) ?? '';
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(await ways()).toMatchObject({ password: true, firstAdmin: true });
  // An invalid name or password does not use up the code.
  expect((await make(code, { password: 'short' })).status).toBe(400);
  expect((await make(code, { name: 'a/b' })).status).toBe(400);
  const both = await Promise.all([
    make(code.toLowerCase().replaceAll('-', ' ')),
    make(code, { name: 'tom' }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual([204, 410]);
  expect(await ways()).toMatchObject({ firstAdmin: false });
  const { status } = await hush.post('/api/sign-in', {
    username: eva.name,
    password: eva.password,
  });
  expect(status).toBe(200);
  const signedIn = await hush.post('/api/sign-in', { username: 'eva', password: eva.password });
  const { token } = (await signedIn.json()) as { token: string };
  const answer = await fetch(`${hush.api}/api/audit-log`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { items } = (await answer.json()) as { items: { action: string }[] };
  const made = items.filter(({ action }) => action.startsWith('user'));
  expect(made).toMatchObject([
    { action: 'user add eva (first admin)', before: null, after: { roles: ['admin'] } },
  ]);
  expect(JSON.stringify(items)).not.toContain(code);
});

test('the code of the first admin expires after ten wrong codes', async () => {
  const code = (await start()) ?? '';
  for (let tried = 0; tried < 10; tried += 1) {
    expect((await make('00000-00000-00000-00000')).status).toBe(403);
  }
  expect((await make(code)).status).toBe(410);
  expect(await ways()).toMatchObject({ firstAdmin: false });
});

test('a Hush with users has no code for a first admin, and earlier codes are void', async () => {
  const dataDir = temporaryFolder();
  await addDemoPeople(dataDir);
  expect(await start(dataDir)).toBeUndefined();
  expect(await ways()).toMatchObject({ firstAdmin: false });
  expect((await make('00000-00000-00000-00000')).status).toBe(410);
});

test('a user added by the command line voids the code of the first admin', async () => {
  const code = (await start()) ?? '';
  await addDemoPeople(hush.dataDir);
  expect((await make(code)).status).toBe(410);
});
