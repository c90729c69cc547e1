import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDataFolder, DataFolderError } from '../../../src/store/ownership/data-folder.ts';
import { TestCaller } from '../../support/calls.ts';
import { TestHush, temporaryFolder } from '../../support/hush/hush.ts';

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

/** Returns everything below a folder on which group or others have permissions. */
function openBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => (lstatSync(path).mode & 0o077) !== 0);
}

describe('the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is closed to others, with all its contents', () => {
    const within = join(folder, 'recordings', 'call');
    mkdirSync(within, { recursive: true });
    writeFileSync(join(within, 'segment'), '');
    writeFileSync(join(folder, 'hush.sqlite'), '');
    for (const path of [folder, join(folder, 'recordings'), within]) chmodSync(path, 0o755);
    const repaired = closeDataFolder(folder);
    expect(repaired).toHaveLength(5);
    expect(openBelow(folder)).toEqual([]);
    expect([modeOf(folder), modeOf(within), modeOf(join(within, 'segment'))]).toEqual([
      ...['700', '700', '600'],
    ]);
    expect(closeDataFolder(folder)).toEqual([]);
  });

  it('is examined no deeper than its own entries if it is closed', () => {
    const within = join(folder, 'recordings');
    mkdirSync(within, { mode: 0o700 });
    writeFileSync(join(within, 'old'), '', { mode: 0o644 });
    writeFileSync(join(folder, 'hush.sqlite-wal'), '', { mode: 0o644 });
    expect(closeDataFolder(folder)).toEqual([join(folder, 'hush.sqlite-wal')]);
  });

  it('keeps the targets of links, and files it is told to leave', () => {
    const elsewhere = temporaryFolder();
    const target = join(elsewhere, 'target');
    writeFileSync(target, '');
    chmodSync(target, 0o644);
    symlinkSync(target, join(folder, 'link'));
    writeFileSync(join(folder, 'master.key'), '');
    chmodSync(join(folder, 'master.key'), 0o640);
    expect(closeDataFolder(folder, { untouched: ['master.key'] })).toEqual([]);
    expect([modeOf(target), modeOf(join(folder, 'master.key'))]).toEqual(['644', '640']);
    rmSync(elsewhere, { recursive: true, force: true });
  });

  it('is refused in one sentence if it cannot be closed', () => {
    // The kernel lets nobody change modes there, not even root.
    const fixed = '/proc/self/net';
    expect(() => closeDataFolder(fixed)).toThrow(DataFolderError);
    expect(() => closeDataFolder(fixed)).toThrow(
      /^\/proc\/self\/net is open to others \(mode 0555\) and cannot be closed \(EPERM\): give/,
    );
  });

  it('of a Hush contains nothing open, whatever the umask and the folder were', async () => {
    const before = process.umask(0);
    try {
      chmodSync(folder, 0o777);
      const said: string[] = [];
      const logger = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
      const hush = await TestHush.start({ dataDir: folder, overrides: { logger } });
      expect(said.filter((line) => line.includes('open to others'))).toHaveLength(1);
      const caller = await TestCaller.open();
      const call = await caller.call(hush);
      await call.frames(60);
      expect(await hush.command('Pause', call.correlationId)).toMatchObject({ ErrorMessage: null });
      const names = readdirSync(folder);
      for (const name of ['hush.sqlite', 'hush.sqlite-wal', 'hush.sqlite-shm', 'master.key']) {
        expect(names).toContain(name);
      }
      expect(openBelow(folder)).toEqual([]);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      await call.call.end();
      await hush.settled(call.correlationId);
      await fetch(`${hush.api}/api/recordings/${call.correlationId}/peaks`);
      expect(openBelow(folder)).toEqual([]);
      await caller.close();
      await hush.stop();
    } finally {
      process.umask(before);
    }
  });
});
