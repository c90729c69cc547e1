import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveCheck } from '../../../src/archive/archive-check.ts';
import { DiskFiles } from '../../../src/archive/files/disk-files.ts';
import { KeyRotation, type RotationProgress } from '../../../src/archive/keys/key-rotation.ts';
import { readMasterKeys } from '../../../src/archive/keys/master-key.ts';
import { openProvenKeys } from '../../../src/archive/keys/proven-keys.ts';
import { masterKeyVault } from '../../../src/archive/keys/vault.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import { identityBytes, segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { databaseKinds } from '../../store/database-servers.ts';
import { StoreFixture } from '../../store/databases.ts';
import { aCall, aSegment } from '../../store/samples.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';

describe.each(few(databaseKinds, 1))('a rotation of the master key on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  let dataDir = '';
  let file = '';
  beforeEach(() => {
    dataDir = temporaryFolder();
    file = join(dataDir, 'master.key');
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  function open(): Promise<KeyRing> {
    const notices = { onMade: () => undefined, onUnopened: () => undefined };
    const settings = { dataDir, previousMasterKeys: [] };
    return openProvenKeys(settings, fixture.store.keyChecks, notices);
  }

  /** Makes a kept call of one segment, whose key is wrapped by that ring. */
  async function seal(keys: KeyRing): Promise<string> {
    const call = aCall({ status: 'kept', endedAt: 2 });
    const segment = aSegment(call.id, { segment: 0, closedBy: 'end' });
    const wrappedKey = keys.wrap(randomBytes(32), identityBytes(segment));
    await fixture.store.commit({ call, segments: [{ ...segment, wrappedKey }] });
    const folder = join(dataDir, 'recordings', call.id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(dataDir, 'recordings', segmentFile(segment)), 'sealed');
    return call.id;
  }

  function rotationOf(keys: KeyRing): KeyRotation {
    const { keeping, keyChecks } = fixture.store;
    const settled = async (): Promise<void> => undefined;
    return new KeyRotation({
      keys,
      file,
      keeping,
      keyChecks,
      vault: masterKeyVault(keys),
      settled,
    });
  }

  const tell = () => undefined;
  const rotate = (keys: KeyRing): Promise<RotationProgress> =>
    rotationOf(keys).rotate(tell, new AbortController().signal);

  async function opens(keys: KeyRing, callId: string): Promise<boolean> {
    const [segment] = await fixture.store.segments(callId);
    if (!segment?.wrappedKey) return false;
    try {
      return keys.unwrap(segment.wrappedKey, identityBytes(segment)).length === 32;
    } catch {
      return false;
    }
  }

  it.each([
    ['is gone', () => rmSync(file)],
    ['is another one', () => writeFileSync(file, `${'ab'.repeat(32)}\n`)],
  ])('takes its old keys from the running process when the file %s', async (_, change) => {
    const keys = await open();
    const old = keys.current;
    const callId = await seal(keys);
    change();
    const crash = new AbortController();
    crash.abort();
    await expect(rotationOf(keys).rotate(tell, crash.signal)).rejects.toThrow();
    expect(readMasterKeys(file)).toEqual([keys.current, old]);
    const again = await open();
    expect(await opens(again, callId)).toBe(true);
    await rotationOf(again).complete(tell, new AbortController().signal);
    expect(readMasterKeys(file)).toEqual([again.current]);
    expect(await opens(await open(), callId)).toBe(true);
  });

  it('repeated in a process brings no older key back to the file', async () => {
    const keys = await open();
    const callId = await seal(keys);
    await rotate(keys);
    await rotate(keys);
    expect(readMasterKeys(file)).toEqual([keys.current]);
    expect(await opens(await open(), callId)).toBe(true);
  });

  it('continues after a row that no key opens, and reports it', async () => {
    const keys = await open();
    const before = await seal(keys);
    const stranger = await seal(new KeyRing([randomBytes(32)]));
    const behind = await seal(keys);
    const progress = await rotate(keys);
    expect(progress).toMatchObject({ rewrapped: 2, unopened: 1 });
    expect(readMasterKeys(file)).toEqual([keys.current]);
    const again = await open();
    expect(await opens(again, before)).toBe(true);
    expect(await opens(again, behind)).toBe(true);
    expect(await opens(again, stranger)).toBe(false);
  });

  it('forgets no key while a row is under it', async () => {
    const keys = await open();
    const [old] = keys.keys;
    const callId = await seal(keys);
    const [segment] = await fixture.store.segments(callId);
    const damaged = Buffer.from(segment?.wrappedKey ?? []);
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    if (segment) await fixture.store.commit({ segments: [{ ...segment, wrappedKey: damaged }] });
    expect(await rotate(keys)).toMatchObject({ rewrapped: 0, unopened: 1 });
    expect(readMasterKeys(file)).toEqual([keys.current, old]);
    const checks = await fixture.store.keyChecks.checks();
    expect(checks).toHaveLength(2);
    if (segment) await fixture.store.commit({ segments: [segment] });
    const again = await open();
    await rotationOf(again).complete(tell, new AbortController().signal);
    expect(readMasterKeys(file)).toEqual([again.current]);
    expect(await opens(await open(), callId)).toBe(true);
  });

  it('leaves a damaged row as it is, and rewraps the others', async () => {
    if (fixture.file === undefined) return;
    const keys = await open();
    const damaged = await seal(keys);
    const whole = await seal(keys);
    const database = new DatabaseSync(fixture.file);
    database
      .prepare(
        "update segments set wrapped_key = substr(wrapped_key, 1, 30) || 'AAAA' || substr(wrapped_key, 35) where call_id = ?",
      )
      .run(damaged);
    database.close();
    expect(await rotate(keys)).toMatchObject({ rewrapped: 1, unopened: 1 });
    expect(await opens(keys, whole)).toBe(true);
    expect(await opens(keys, damaged)).toBe(false);
    await fixture.store.destroyKeys(damaged);
    await fixture.store.keeping.forgetKeys(damaged);
  });

  it('lets an archive check name a missing key', async () => {
    const keys = await open();
    const missing = new KeyRing([randomBytes(32)]);
    const { store } = fixture;
    const [segment] = await store.segments(await seal(missing));
    const check = new ArchiveCheck(
      {
        store,
        keeping: store.keeping,
        keys,
        signal: new AbortController().signal,
        files: new DiskFiles(join(dataDir, 'recordings')),
        exclusively: (_, look) => look(),
        missing: async () => undefined,
        onFinding: () => undefined,
      },
      { deep: false, remove: false },
    );
    const { findings } = await check.run();
    expect(findings).toEqual([
      {
        kind: 'damaged',
        path: segment && segmentFile(segment),
        detail: `its key is sealed under the master key ${missing.currentId}, which this Hush does not have`,
      },
    ]);
  });
});
