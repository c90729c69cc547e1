import { mkdirSync, openSync, readdirSync, readlinkSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SyncQueue } from '../../../src/recorder/segment/sync-queue.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';

/** Many more than stay open. */
const FILES = 600;
const WAIT = { timeout: 30_000 };

describe('SyncQueue', () => {
  let folder = '';
  let failures: (string | undefined)[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    failures = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function add(queue: SyncQueue, name: string): void {
    const path = join(folder, name);
    const descriptor = openSync(path, 'ax');
    writeSync(descriptor, 'x');
    queue.add({ path, descriptor, onFailed: (code) => failures.push(code) });
  }

  /** Descriptors of files in the folder, removed ones among them. */
  function openFiles(): number {
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;
  }

  it('keeps few files open, however many wait for the disk', async () => {
    const queue = new SyncQueue();
    for (let file = 0; file < FILES; file += 1) add(queue, `${file}.seg`);
    await vi.waitFor(() => expect(openFiles()).toBeLessThan(FILES / 4));
    await vi.waitFor(() => expect(queue.length).toBe(0), WAIT);
    await vi.waitFor(() => expect(openFiles()).toBe(0));
    expect(failures).toEqual([]);
  });

  it('has nothing to sync of a file that was erased meanwhile, and tells any other error', async () => {
    const queue = new SyncQueue();
    for (let file = 0; file < FILES; file += 1) add(queue, `${file}.seg`);
    const last = join(folder, `${FILES - 1}.seg`);
    const erased = join(folder, `${FILES - 2}.seg`);
    rmSync(erased);
    rmSync(last);
    mkdirSync(last);
    await vi.waitFor(() => expect(queue.length).toBe(0), WAIT);
    await vi.waitFor(() => expect(failures).toEqual(['EISDIR']));
  });
});
