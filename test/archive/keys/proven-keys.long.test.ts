import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRotation } from '../../../src/archive/keys/key-rotation.ts';
import { MasterKeyError, readMasterKeys } from '../../../src/archive/keys/master-key.ts';
import { openProvenKeys } from '../../../src/archive/keys/proven-keys.ts';
import { masterKeyVault } from '../../../src/archive/keys/vault.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { identityBytes } from '../../../src/protocols/segment/sealed-chunk.ts';
import { databaseKinds } from '../../store/database-servers.ts';
import { StoreFixture } from '../../store/databases.ts';
import { aCall, aSegment } from '../../store/samples.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';

describe.each(few(databaseKinds, 1))('a master key for a store on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  let dataDir = '';
  let file = '';
  const seen: string[] = [];
  beforeEach(() => {
    dataDir = temporaryFolder();
    file = join(dataDir, 'master.key');
    seen.length = 0;
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  function open(settings: { masterKey?: string; previousMasterKeys?: string[] } = {}) {
    return openProvenKeys(
      { dataDir, previousMasterKeys: [], ...settings },
      fixture.store.keyChecks,
      { onMade: () => seen.push('made'), onUnopened: (count) => seen.push(`unopened ${count}`) },
    );
  }

  async function seal(keys: KeyRing): Promise<void> {
    const segment = aSegment(aCall().id, { segment: 0, closedBy: 'end' });
    const wrappedKey = keys.wrap(randomBytes(32), identityBytes(segment));
    await fixture.store.commit({ segments: [{ ...segment, wrappedKey }] });
  }

  /** Restores the state of an older release: sealed rows, and no key check. */
  async function forgetChecks(): Promise<void> {
    await fixture.database.kysely.deleteFrom('key_checks').execute();
  }

  it('is made for an empty store, durably and for its owner alone, and opens it again', async () => {
    const first = await open();
    expect(seen).toEqual(['made']);
    expect((await open()).currentId).toBe(first.currentId);
    expect(seen).toEqual(['made']);
    expect(readMasterKeys(file)).toEqual([first.current]);
    expect(existsSync(`${file}.next`)).toBe(false);
  });

  it.each([
    ['is missing', () => rmSync(file), /is missing.*put the file back/],
    ['is empty', () => truncateSync(file, 0), /is empty: put it back/],
    ['is cut off', () => truncateSync(file, 40), /is damaged: put it back/],
    ['is cut to what base64 would read', () => truncateSync(file, 43), /is damaged/],
    ['is cut to what base64 would read', () => truncateSync(file, 44), /is damaged/],
    ['is another one', () => other(), /does not open what the store holds/],
    ['is readable by others', () => chmodSync(file, 0o644), /set its mode to 0600/],
    ['is a folder', () => makeFolder(file), /cannot be read/],
  ])('file that %s refuses the start, and stays as it is', async (_, change, message) => {
    await open();
    change();
    const before = textOf(file);
    const opening = open();
    await expect(opening).rejects.toThrow(MasterKeyError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(file);
    expect(textOf(file)).toBe(before);
    expect(seen).toEqual(['made']);
  });

  it.each(['is missing', 'is another one'])(
    'file that %s refuses a store of an older release, which holds no check',
    async (what) => {
      await seal(await open());
      await forgetChecks();
      if (what === 'is missing') rmSync(file);
      else other();
      await expect(open()).rejects.toThrow(MasterKeyError);
    },
  );

  it('is proved by rows that an older release sealed', async () => {
    const keys = await open();
    await seal(keys);
    await forgetChecks();
    await open();
    expect(seen).toEqual(['made']);
    expect(await fixture.store.keyChecks.checks()).toHaveLength(1);
    other();
    await expect(open()).rejects.toThrow(MasterKeyError);
  });

  it('is reported if it opens only part of what an older release sealed', async () => {
    await seal(new KeyRing([randomBytes(32)]));
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    await seal(new KeyRing(readMasterKeys(file) ?? []));
    await open();
    expect(seen).toEqual([expect.stringMatching(/^unopened [12]$/)]);
  });

  it('in the configuration must be the current one, or name its predecessor', async () => {
    const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
    await open({ masterKey: first });
    await expect(open({ masterKey: second })).rejects.toThrow(/setting masterKey/);
    await open({ masterKey: second, previousMasterKeys: [first] });
    // Both are in use until everything is rewrapped.
    await expect(open({ masterKey: first })).rejects.toThrow(MasterKeyError);
    await expect(open({ masterKey: second })).rejects.toThrow(MasterKeyError);
    const keys = await open({ masterKey: second, previousMasterKeys: [first] });
    await rotationOf(keys, undefined).complete(() => undefined, new AbortController().signal);
    await open({ masterKey: second });
    await expect(open({ masterKey: first })).rejects.toThrow(MasterKeyError);
    expect(existsSync(file)).toBe(false);
  });

  it('in the configuration must equal the one in the data folder that it replaces', async () => {
    const { current } = await open();
    await expect(open({ masterKey: randomBytes(32).toString('hex') })).rejects.toThrow(
      MasterKeyError,
    );
    await open({ masterKey: current.toString('base64') });
    rmSync(file);
    await open({ masterKey: current.toString('hex') });
  });

  it.each(['before', 'after'])(
    'opens the store %s a rotation that a crash cut off',
    async (when) => {
      const keys = await open();
      await seal(keys);
      const rotation = rotationOf(keys, file);
      const crash = new AbortController();
      if (when === 'before') crash.abort();
      const rotating = rotation.rotate(() => undefined, crash.signal);
      if (when === 'before') await expect(rotating).rejects.toThrow();
      else await rotating;
      const again = await open();
      expect(again.currentId).toBe(keys.currentId);
      await rotationOf(again, file).complete(() => undefined, new AbortController().signal);
      expect(readMasterKeys(file)).toEqual([again.current]);
      expect((await open()).currentId).toBe(again.currentId);
      other();
      await expect(open()).rejects.toThrow(MasterKeyError);
    },
  );

  function rotationOf(keys: KeyRing, keyFile: string | undefined): KeyRotation {
    const { keeping, keyChecks } = fixture.store;
    const vault = masterKeyVault(keys);
    return new KeyRotation({ keys, file: keyFile, keeping, keyChecks, vault, settled });
  }

  function other(): void {
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  }
});

async function settled(): Promise<void> {}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function makeFolder(path: string): void {
  rmSync(path);
  mkdirSync(path, 0o700);
}
