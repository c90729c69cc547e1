import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealedArchive } from '../../../src/archive/archive.ts';
import { ArchiveCheck } from '../../../src/archive/archive-check.ts';
import { KeyRotation } from '../../../src/archive/keys/key-rotation.ts';
import { masterKeyVault } from '../../../src/archive/keys/vault.ts';
import { Listeners } from '../../../src/archive/playback/listeners.ts';
import { InProcessBus } from '../../../src/bus/in-process.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';
import { Journal } from '../../../src/domain/call/journal.ts';
import { Erasures } from '../../../src/domain/recording/erasures.ts';
import { LegalHolds } from '../../../src/domain/recording/legal-holds.ts';
import { RecordingLock } from '../../../src/domain/recording/recording-lock.ts';
import { KeyRing } from '../../../src/protocols/segment/key-ring.ts';
import type { SqlStore } from '../../../src/store/store.ts';
import { ErasureBench, isSame, isSilent, within } from './erasure-bench.ts';

const clock = { now: () => Date.now() };
const bus = new InProcessBus(() => undefined);
const interval = { start: 500, end: 750 };
const rest = { start: 1_000, end: 2_000 };
const asked = { interval, reason: 'card number', requestedBy: 'zoe' };
const running = new AbortController().signal;

let bench: ErasureBench;
let store: SqlStore;
beforeEach(async () => {
  bench = new ErasureBench();
  await bench.prepare();
  store = await bench.open();
});
afterEach(async () => {
  await store.close();
  bench.remove();
});

/** The parts of one process; `between` runs when new files are written and not yet committed. */
function partsOf(between: (parts: Parts) => Promise<unknown> = async () => undefined) {
  const { keeping } = store;
  const { recordingsDir, masterKey } = bench.call;
  const keys = new KeyRing([masterKey]);
  const archive = archiveOf(keys);
  const kept = new RecordingLock({ calls: new CallRegistry(), store });
  const journal = new Journal({ store, bus, clock });
  const keyFile = join(recordingsDir, 'master.key');
  writeFileSync(keyFile, `${masterKey.toString('hex')}\n`, { mode: 0o600 });
  const rotation = new KeyRotation({
    keys,
    keeping,
    keyChecks: store.keyChecks,
    file: keyFile,
    vault: masterKeyVault(keys),
    settled: () => kept.settled(),
  });
  const check = checkOf(keys, kept, archive);
  const alarms: string[] = [];
  const parts = { archive, kept, journal, rotation, check, keyFile, keys, alarms };
  const erasures = new Erasures({
    kept,
    store,
    keeping,
    journal,
    clock,
    alarms: { raise: ({ kind }) => alarms.push(kind) },
    archive: {
      destroyable: (callId) => archive.destroyable(callId),
      interrupt: (callId) => archive.interrupt(callId),
      sweep: (callId) => archive.sweep(callId),
      sweepDisk: (callId) => archive.sweepDisk(callId),
      reseal: async (callId, span) => {
        const resealed = await archive.reseal(callId, span);
        await between(parts);
        return resealed;
      },
    },
  });
  return { ...parts, erasures };
}

type Parts = Omit<ReturnType<typeof partsOf>, 'erasures'>;

function archiveOf(keys: KeyRing): SealedArchive {
  return new SealedArchive({
    files: bench.files,
    filesSettings: { recordingsDir: bench.call.recordingsDir },
    keys,
    store,
    keeping: store.keeping,
    maxExports: 0,
  });
}

function checkOf(keys: KeyRing, kept: RecordingLock, archive: SealedArchive): ArchiveCheck {
  return new ArchiveCheck(
    {
      files: bench.files,
      keys,
      store,
      keeping: store.keeping,
      exclusively: (callId, look) => kept.run(callId, look),
      signal: running,
      missing: (callId) => archive.missing(callId),
      onFinding: () => undefined,
    },
    { deep: false, remove: true },
  );
}

/** Expects the erased state in a process started with the keys of the file. */
async function expectErased(keyFile: string): Promise<void> {
  const heard = await bench.heard(store, keyFile);
  expect(isSilent(within(heard, interval))).toBe(true);
  expect(isSame(within(heard, rest), within(bench.before, rest))).toBe(true);
}

describe('during an erasure of an interval', () => {
  it('a check that removes orphans keeps the new files', async () => {
    let checking: Promise<unknown> = Promise.resolve();
    const { erasures, check, keyFile } = partsOf(async () => {
      checking = check.run();
      // By now it has seen the new files, and waits for its turn.
      await delay(100);
    });
    const { state } = await erasures.erase({ ...asked, callId: bench.call.callId });
    await checking;
    expect([state, check.report.removed]).toEqual(['done', 0]);
    await expectErased(keyFile);
  });

  it('a rotation of the master key waits for uncommitted wrapped keys', async () => {
    let rotating: Promise<unknown> = Promise.resolve();
    const { erasures, keyFile, keys } = partsOf(async ({ rotation }) => {
      rotating = rotation.rotate(() => undefined, running);
      await delay(100);
    });
    await erasures.erase({ ...asked, callId: bench.call.callId });
    await rotating;
    const lines = readFileSync(keyFile, 'utf8').trim().split('\n');
    expect(lines).toEqual([keys.current.toString('hex')]);
    await expectErased(keyFile);
  });

  it('a reader of the database delays the erasure, but no commit', async () => {
    const { callId } = bench.call;
    const { erasures, alarms } = partsOf();
    // The keys are in the log as well.
    await store.commit({ segments: await store.segments(callId) });
    const reader = new DatabaseSync(bench.databaseFile, { readOnly: true });
    reader.exec('begin');
    reader.prepare('select count(*) from segments').get();
    const erasing = erasures.erase({ ...asked, interval: null, callId });
    const begun = performance.now();
    while ((await store.call(callId))?.status !== 'destroyed') await delay(5);
    await store.commit({});
    expect(performance.now() - begun).toBeLessThan(2_500);
    const { state } = await erasing;
    expect([state, alarms]).toEqual(['keysRemoved', ['erasureFailed']]);
    expect((await erasing).keysDestroyedAt).toBeNull();
    // The files on this machine were removed all the same.
    expect(existsSync(join(bench.call.recordingsDir, callId))).toBe(false);
    reader.exec('commit');
    reader.close();
    await erasures.resume();
    const [receipt] = await store.keeping.erasures({ callId });
    expect(receipt?.state).toBe('done');
    const bytes = ['', '-wal'].map((suffix) => readFileSync(bench.databaseFile + suffix, 'latin1'));
    for (const key of bench.keys) expect(bytes.some((text) => text.includes(key))).toBe(false);
  });
});

it('the key before the last one does not return with another rotation', async () => {
  const { rotation, keyFile } = partsOf();
  const first = readFileSync(keyFile, 'utf8').trim();
  await rotation.rotate(() => undefined, running);
  const seen: string[] = [];
  await rotation.rotate(() => seen.push(readFileSync(keyFile, 'utf8')), running);
  expect(seen.length).toBeGreaterThan(0);
  for (const text of seen) expect(text).not.toContain(first);
});

it('erasures of other recordings do not block opening this one', async () => {
  const listeners = new Listeners();
  const audio = { close: async () => undefined, interrupt: async () => undefined };
  let opened = 0;
  const opening = listeners.opened('mine', async () => {
    opened += 1;
    for (let other = 0; other < 5; other += 1) await listeners.interrupt(`other-${other}`);
    return audio;
  });
  expect(await opening).toBe(audio);
  expect(opened).toBe(1);
  const again = listeners.opened('mine', async () => {
    opened += 1;
    if (opened === 2) await listeners.interrupt('mine');
    return audio;
  });
  await again;
  expect(opened).toBe(3);
});

it('a hold is not released while the call is being settled', async () => {
  const { callId } = bench.call;
  const call = await store.call(callId);
  if (!call) throw new Error('no call');
  const legalHold = { reason: 'case', owner: 'zoe', placedAt: 1 };
  await store.commit({ call: { ...call, status: 'live', endedAt: 2, legalHold } });
  const { kept, journal } = partsOf();
  const holds = new LegalHolds({ kept, keeping: store.keeping, journal, clock });
  const entry = undefined as never;
  await expect(holds.release(callId, entry)).rejects.toMatchObject({ refusal: 'inProgress' });
  await expect(holds.place(callId, legalHold, entry)).rejects.toMatchObject({
    refusal: 'inProgress',
  });
  expect((await store.call(callId))?.legalHold).toEqual(legalHold);
});
