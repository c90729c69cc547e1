import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  embeddedMasterKeys,
  MasterKeyError,
  parseMasterKey,
} from '../../../src/archive/keys/master-key.ts';
import { TestHush, temporaryFolder } from '../../support/hush/hush.ts';

describe('the embedded master key', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is made once, readable by its owner alone', () => {
    const file = join(folder, 'deep', 'master.key');
    const made = embeddedMasterKeys(file);
    expect(made.created).toBe(true);
    expect(made.keys).toHaveLength(1);
    expect(made.keys[0]).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    expect(embeddedMasterKeys(file)).toEqual({ keys: made.keys, created: false });
  });

  it.each([0o640, 0o604, 0o620, 0o601, 0o660])('is refused with mode %o', (mode) => {
    const file = join(folder, 'master.key');
    embeddedMasterKeys(file);
    chmodSync(file, mode);
    expect(() => embeddedMasterKeys(file)).toThrow(MasterKeyError);
  });

  it('is refused if invalid, and never quoted', () => {
    const file = join(folder, 'master.key');
    writeFileSync(file, 'c0ffee', { mode: 0o600 });
    const opened = () => embeddedMasterKeys(file);
    expect(opened).toThrow(MasterKeyError);
    expect(opened).not.toThrow(/c0ffee/);
  });

  it('prevents the start of Hush if others can read it', async () => {
    const hush = await TestHush.start({ dataDir: folder });
    await hush.stop();
    const file = join(folder, 'master.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'recordings')).mode & 0o777).toBe(0o700);
    chmodSync(file, 0o640);
    const cause = expect.any(MasterKeyError);
    await expect(TestHush.start({ dataDir: folder })).rejects.toMatchObject({ cause });
    expect(readFileSync(file, 'utf8').trim()).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('parseMasterKey', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8));

  it('reads hex and base64, with blanks around it', () => {
    expect(parseMasterKey(` ${key.toString('hex').toUpperCase()}\n`)).toEqual(key);
    expect(parseMasterKey(key.toString('base64'))).toEqual(key);
  });

  it.each(['', 'abc', key.toString('hex').slice(2), `${key.toString('hex')}00`])(
    'refuses %j',
    (text) => {
      expect(() => parseMasterKey(text)).toThrow(MasterKeyError);
    },
  );
});
