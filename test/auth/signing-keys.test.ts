import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashPassword, hashSecret, ScryptHasher } from '../../src/auth/password-hash.ts';
import { PUBLISH_AHEAD_MS, SigningKeys } from '../../src/auth/signing-keys.ts';
import { temporaryFolder } from '../support/hush/hush.ts';

const LIFETIME_MS = 86_400_000;
const TOKEN_MS = 330_000;
let folder: string;
let file: string;
let nowMs: number;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'issuer-keys.json');
  nowMs = 1_000_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(): SigningKeys {
  const clock = { now: () => nowMs };
  return SigningKeys.open({ file, lifetimeMs: LIFETIME_MS, tokenLifetimeMs: TOKEN_MS, clock });
}

const kids = async (keys: SigningKeys) => (await keys.published()).keys.map(({ kid }) => kid);

test('a key is published before it signs, and afterwards until its last token has ended', async () => {
  const keys = open();
  const first = (await keys.current()).kid;
  expect(await kids(keys)).toEqual([first]);
  nowMs += LIFETIME_MS - PUBLISH_AHEAD_MS;
  expect((await keys.current()).kid).toBe(first);
  const [, second] = await kids(keys);
  expect(second).toBeDefined();
  nowMs += PUBLISH_AHEAD_MS;
  expect((await keys.current()).kid).toBe(second);
  expect(await kids(keys)).toEqual([first, second]);
  const stored = JSON.parse(readFileSync(file, 'utf8'));
  expect(stored.keys.map((key: object) => 'privateJwk' in key)).toEqual([false, true]);
  nowMs += TOKEN_MS;
  expect(await kids(keys)).toEqual([second]);
});

test('keys survive a restart, and nobody else may read them', async () => {
  const keys = open();
  const { kid } = await keys.current();
  const again = open();
  expect([again.tenantId, (await again.current()).kid]).toEqual([keys.tenantId, kid]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('concurrent requests make one key', async () => {
  const keys = open();
  const made = await Promise.all(Array.from({ length: 5 }, () => keys.current()));
  expect(new Set(made.map(({ kid }) => kid)).size).toBe(1);
});

test('a damaged file of keys is named, and left as it is', () => {
  writeFileSync(file, '{"keys":');
  expect(open).toThrow(`${file} is no key file of Hush`);
  expect(readFileSync(file, 'utf8')).toBe('{"keys":');
});

test('halves of a key that do not match are found at once, and the file is named', async () => {
  const keys = open();
  await keys.current();
  await expect(keys.prove()).resolves.toBeUndefined();
  const other = join(folder, 'other.json');
  const clock = { now: () => nowMs };
  const settings = { lifetimeMs: LIFETIME_MS, tokenLifetimeMs: TOKEN_MS, clock };
  await SigningKeys.open({ ...settings, file: other }).current();
  const [mine, theirs] = [file, other].map((name) => JSON.parse(readFileSync(name, 'utf8')));
  mine.keys[0].publicJwk.n = theirs.keys[0].publicJwk.n;
  writeFileSync(file, JSON.stringify(mine));
  await expect(open().prove()).rejects.toThrow(`${file}: the key ${mine.keys[0].kid} does not`);
});

test('a secret is verified at once, whatever else is being hashed', async () => {
  const hasher = new ScryptHasher(0);
  const hash = await hashSecret('a secret of 256 random bits');
  expect(await hasher.verify('a secret of 256 random bits', hash)).toBe(true);
  expect(await hasher.verify('a secret of 256 random bitz', hash)).toBe(false);
});

test('only the right password matches, and only a hash that is ours', async () => {
  const hasher = new ScryptHasher(2);
  const hash = await hashPassword('correct horse battery');
  expect(await hasher.verify('correct horse battery', hash)).toBe(true);
  expect(await hasher.verify('correct horse batterz', hash)).toBe(false);
  expect(await hasher.verify('', '')).toBe(false);
  expect(await hasher.verify('x', hash.replace('$8$', '$99$'))).toBe(false);
});
