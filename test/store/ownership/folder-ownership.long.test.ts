import { cpSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import { type OwnerOptions, OwnerProcess } from './owner-process.ts';

const limits = { waitMs: 0, handoverMs: 10_000, lostAfterMs: 2_000 };

describe('a data folder', () => {
  let dataDir = '';
  const folders: string[] = [];
  const owners: OwnerProcess[] = [];
  beforeEach(() => {
    dataDir = newFolder();
  });
  afterEach(async () => {
    await Promise.all(owners.splice(0).map((owner) => owner.kill()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  function newFolder(): string {
    const folder = temporaryFolder();
    folders.push(folder);
    return folder;
  }

  async function start(more: Partial<OwnerOptions> = {}): Promise<OwnerProcess> {
    const owner = await OwnerProcess.start({ ...limits, dataDir, ...more });
    owners.push(owner);
    return owner;
  }

  it('has one owner; another start names it, and writes nothing', async () => {
    const first = await start();
    const before = readdirSync(dataDir).sort();
    const second = await start();
    expect(second.owns).toBe(false);
    expect(second.failed).toMatch(
      new RegExp(
        `^The data folder ${dataDir} is in use by Hush process ${first.pid} on \\S+ since \\d{4}-`,
      ),
    );
    expect(await second.exitCode()).toBe(1);
    expect(readdirSync(dataDir).sort()).toEqual(before);
    expect(await first.commit()).toBeNull();
  });

  it('is free at once when its owner was killed, whatever children it leaves', async () => {
    const first = await start({ withChild: true });
    await first.kill();
    try {
      expect((await start()).owns).toBe(true);
    } finally {
      process.kill(first.child as number, 'SIGKILL');
    }
  });

  longTest('is free when its owner ended in order', async () => {
    const first = await start();
    expect(await first.end()).toBe(0);
    expect((await start()).owns).toBe(true);
  });

  longTest('stays with a process that is frozen', async () => {
    const first = await start();
    first.signal('SIGSTOP');
    const second = await start();
    expect(second.failed).toContain(`process ${first.pid} `);
    first.signal('SIGCONT');
    expect(await first.commit()).toBeNull();
    expect(first.hasLost).toBe(false);
  });

  longTest('is the same by another path, and another one when it is a copy', async () => {
    const first = await start();
    const elsewhere = newFolder();
    symlinkSync(dataDir, join(elsewhere, 'link'));
    const second = await start({ dataDir: join(elsewhere, 'link') });
    expect(second.failed).toContain(`process ${first.pid} `);
    cpSync(dataDir, join(elsewhere, 'copy'), { recursive: true });
    const copy = await start({ dataDir: join(elsewhere, 'copy') });
    expect(copy.failed).toMatch(/copy is a copy of another one, which Hush worked on in /);
    expect(await first.commit()).toBeNull();
  });

  it.each(
    few(
      [
        ['removed', (file: string) => rmSync(file)],
        ['moved away', (file: string) => renameSync(file, `${file}.old`)],
        ['replaced', (file: string) => replaceBy(file, '')],
      ] as const,
      1,
    ),
  )('is lost when its lock file was %s: nothing is committed any more', async (_, change) => {
    const first = await start();
    change(join(dataDir, 'hush.lock'));
    const second = await start();
    expect(second.owns).toBe(true);
    expect(await first.commit()).toMatch(/another process owns|has lost/);
    expect(await first.lost()).toMatch(/another process owns|hush\.lock/);
    expect(await first.commit()).toMatch(/another process owns|has lost/);
    expect(await second.commit()).toBeNull();
    expect(second.hasLost).toBe(false);
  });

  it('is lost when the whole folder was moved away', async () => {
    const first = await start();
    renameSync(dataDir, `${dataDir}.old`);
    folders.push(`${dataDir}.old`);
    expect(await first.lost()).toMatch(/hush\.lock cannot be seen any more/);
  });

  longTest('is awaited while its owner is stopping', async () => {
    const first = await start();
    first.leave();
    const [second] = await Promise.all([start(), waitAndEnd(first)]);
    expect(second.owns).toBe(true);
  });

  longTest('is refused by name after waiting, where its owner goes on stopping', async () => {
    const first = await start();
    first.leave();
    await first.commit();
    const second = await start({ handoverMs: 300 });
    expect(second.failed).toContain(`process ${first.pid} `);
    expect(second.failed).toContain('which is stopping');
  });

  longTest('is refused if its lock file is not one', async () => {
    writeFileSync(join(dataDir, 'hush.lock'), 'x'.repeat(4_096));
    expect((await start()).failed).toMatch(/hush\.lock cannot be locked: it is not empty/);
  });
});

/** The other one has found it locked, and waits. */
async function waitAndEnd(owner: OwnerProcess): Promise<void> {
  for (let commits = 0; commits < 50; commits += 1) await owner.commit();
  await owner.end();
}

function replaceBy(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
