import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { few, longTest } from '../support/length.ts';
import { tenantId, tokenForm, tokenUrl } from '../support/people.ts';
import { type Ran, runHush } from './run-hush.ts';

const dataDir = temporaryFolder();
const password = 'correct horse battery';
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

function hush(args: string, input = ''): Promise<Ran> {
  return runHush(args.split(' '), { input, env: { HUSH_DATA_DIR: dataDir } });
}

test('a client and a user that were added beside a running Hush get a token', async () => {
  const server = await TestHush.start({
    dataDir,
    config: (config) => ({ ...config, auth: { ...config.auth, mode: 'embedded', tenantId } }),
  });
  const secret = (await hush('client add coreapi')).out.trim();
  expect(secret).toMatch(/^[\w-]{43}$/);
  const added = await hush('user add Eva --role integrator --ucc *', `${password}\n`);
  expect(added).toEqual({ code: 0, out: '', err: '' });
  const body = tokenForm({ name: 'eva', password }, { client_secret: secret });
  const ask = async () => (await fetch(tokenUrl(server.api), { method: 'POST', body })).status;
  expect(await ask()).toBe(200);
  expect((await hush('user passwd eva', 'another long password\n')).code).toBe(0);
  expect(await ask()).toBe(401);
  expect((await hush('user remove eva')).code).toBe(0);
  await server.stop();
});

longTest('lists are tables for people and JSON for scripts, without hashes', async () => {
  const add = 'user add tom --role agent --sip-uri sip:tom@domain.com';
  expect((await hush(add, `${password}\n`)).code).toBe(0);
  expect((await hush('user list')).out).toMatch(/^name {2}roles .*\ntom {3}agent /);
  const { out } = await hush('user list --json');
  expect(JSON.parse(out)).toEqual([expect.objectContaining({ name: 'tom', roles: 'agent' })]);
  expect(out).not.toContain('scrypt');
});

const refused = [
  ['user add x --role king', password, "argument 'king' is invalid"],
  ['user add x --role agent', password, 'give its SIP URI'],
  ['user add x --role admin', 'short', 'at least 12 characters'],
  ['user add x --role admin', 'x'.repeat(200), 'at most 128 bytes'],
  ['user add a/b --role admin', password, 'a user name has'],
  ['user add tom --role admin', password, 'there is a user tom already'],
  ['user passwd nobody', password, 'there is no user nobody'],
  ['client remove nobody', '', 'there is no client nobody'],
] as const;

let before: string | undefined;
test.each(few(refused, 1))(
  '%s: one sentence, and nothing is written',
  async (args, input, words) => {
    before ??= (await hush('user list')).out;
    const { code, err } = await hush(args, `${input}\n`);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^hush: .*${words}.*\n( {2}next: .*\n)?$`));
    expect((await hush('user list')).out).toBe(before);
  },
);
