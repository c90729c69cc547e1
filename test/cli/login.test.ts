import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { addDemoPeople, type Person, tenantId } from '../support/people.ts';
import { type Ran, runHush } from './run-hush.ts';

const folder = temporaryFolder();
const file = join(folder, 'hush', 'login.json');
let hush: TestHush;
let supervisor: Person;
let offsetMs = 0;

beforeAll(async () => {
  const dataDir = temporaryFolder();
  ({ supervisor } = await addDemoPeople(dataDir));
  hush = await TestHush.start({
    ...{ dataDir, overrides: { clock: { now: () => Date.now() + offsetMs } } },
    config: (config) => ({
      ...config,
      // Each command renews it: it ends within what is left at least.
      auth: {
        ...{ ...config.auth, mode: 'embedded', tenantId, anonymous: false },
        tokenLifetimeMs: 20_000,
      },
    }),
  });
});
afterAll(async () => {
  await hush.remove();
  rmSync(folder, { recursive: true, force: true });
});

function run(args: string, input = '', more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const env = { HUSH_URL: hush.api, XDG_CONFIG_HOME: folder, HUSH_TOKEN: '', ...more };
  return runHush(args.split(' '), { input, env });
}

test('signs in once; other commands go on with it, renewed, until it is over', async () => {
  expect((await run('recording list')).code).toBe(4);
  const wrong = await run('login', `${supervisor.name}\nnot it at all\n`);
  expect(wrong.code).toBe(4);
  expect(wrong.err).toMatch(/^hush: Wrong name or password\.\n {2}url: /);
  const signedIn = await run('login', `${supervisor.name}\n${supervisor.password}\n`);
  expect(signedIn).toMatchObject({ code: 0, out: '' });
  expect(signedIn.err).toBe(`Signed in as ${supervisor.name}; kept in ${file}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'hush')).mode & 0o777).toBe(0o700);
  const kept = readFileSync(file, 'utf8');
  expect(kept).not.toContain(supervisor.password);
  expect(await run('recording list')).toMatchObject({ code: 0, out: 'none\n', err: '' });
  const renewed = readFileSync(file, 'utf8');
  expect(renewed).not.toBe(kept);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // The renewal token gives access to nothing by itself.
  const { renewalToken } = Object.values(JSON.parse(renewed))[0] as { renewalToken: string };
  expect((await run('recording list', '', { HUSH_TOKEN: renewalToken })).code).toBe(4);
  offsetMs = 13 * 3_600_000;
  const over = await run('recording list');
  expect(over.code).toBe(4);
  expect(over.err).toContain('the sign-in is over; sign in again: hush login');
  offsetMs = 0;
});

test('is sent to no other Hush, and used from no file that others may read', async () => {
  await run('login', `${supervisor.name}\n${supervisor.password}\n`);
  const elsewhere = hush.api.replace('127.0.0.1', 'localhost');
  expect((await run('recording list', '', { HUSH_URL: elsewhere })).code).toBe(4);
  chmodSync(file, 0o644);
  const refused = await run('recording list');
  expect([refused.code, refused.err]).toEqual([
    2,
    `hush: others may read ${file}\n  next: chmod 600 it, or remove it\n`,
  ]);
  chmodSync(file, 0o600);
});

test('is forgotten', async () => {
  expect(await run('logout')).toMatchObject({ code: 0, err: '' });
  expect((await run('recording list')).code).toBe(4);
  expect((await run('logout')).code).toBe(2);
});
