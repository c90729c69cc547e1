import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Holder, OwnershipError } from './ownership-error.ts';

export const LOCK_FILE = 'hush.lock';
/** Informs operators and the next process; the lock itself is the kernel's. */
const HOLDER_FILE = 'hush.owner';
const OWNER_ONLY = 0o600;

/** Primary result codes of SQLite. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * The lock of a data folder: an exclusive transaction of an empty SQLite file in it, which is a
 * kernel lock on the file's inode. It ends with its process, however that ends, is not inherited by
 * a child, holds while the process is stopped, and is the same by every path.
 *
 * POSIX drops a process's locks on a file when it closes any descriptor of that file: nothing in
 * this process may open the lock file a second time.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #inode: string;
  readonly #since = Date.now();
  #isReleased = false;

  private constructor(folder: string, database: DatabaseSync, inode: string) {
    this.#folder = folder;
    this.#database = database;
    this.#inode = inode;
    this.#tell(false);
  }

  /** Takes the lock; returns undefined if another process, or another part of this one, has it. */
  static tryTake(folder: string): FolderLock | undefined {
    const path = join(folder, LOCK_FILE);
    for (;;) {
      const inode = madeInode(path);
      const database = lockedDatabase(path);
      if (!database) return undefined;
      // Another file may have replaced it before it was locked.
      if (inode === inodeOf(path)) return new FolderLock(folder, database, inode);
      database.close();
    }
  }

  /** Returns the holder as it last described itself. */
  static holder(folder: string): Holder | undefined {
    try {
      const { pid, host, since, isLeaving } = JSON.parse(
        readFileSync(join(folder, HOLDER_FILE), 'utf8'),
      ) as Holder;
      return { pid: Number(pid), host: String(host), since: Number(since), isLeaving: !!isLeaving };
    } catch {
      return undefined;
    }
  }

  /** Identifies the lock: the same for every process that had it, and for no other folder. */
  get identity(): string {
    return `${hostname()}/${this.#inode}`;
  }

  /** Returns why the folder is no longer ours; undefined while it is. */
  lossOf(): string | undefined {
    const path = join(this.#folder, LOCK_FILE);
    try {
      if (inodeOf(path) === this.#inode) return undefined;
    } catch (cause) {
      return `${path} cannot be seen any more (${(cause as NodeJS.ErrnoException).code})`;
    }
    return `${path} was replaced`;
  }

  leaving(): void {
    if (!this.#isReleased) this.#tell(true);
  }

  /** Releases the lock. May be called twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    // If the folder was lost, the new holder's file stays.
    if (this.lossOf() === undefined) rmSync(join(this.#folder, HOLDER_FILE), { force: true });
    this.#database.close();
  }

  /** Writes the holder file atomically; without it, as on a full disk, the lock still holds. */
  #tell(isLeaving: boolean): void {
    const holder: Holder = { pid: process.pid, host: hostname(), since: this.#since, isLeaving };
    const path = join(this.#folder, HOLDER_FILE);
    const next = `${path}.next`;
    try {
      writeFileSync(next, `${JSON.stringify(holder)}\n`, { mode: OWNER_ONLY });
      renameSync(next, path);
    } catch {
      rmSync(next, { force: true });
    }
  }
}

/** Returns the inode of the lock file, which is made if there is none. */
function madeInode(path: string): string {
  try {
    return inodeOf(path);
  } catch {
    // Closed before it is locked.
    closeSync(openSync(path, 'a', OWNER_ONLY));
    return inodeOf(path);
  }
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** @throws OwnershipError if the folder's file system has no such locks */
function lockedDatabase(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database.close();
    const { errcode = 0, message } = cause as { errcode?: number; message: string };
    const primary = errcode & 0xff;
    if (primary === SQLITE_BUSY) return undefined;
    const why = primary === SQLITE_NOTADB ? 'it is not empty: remove it' : message;
    throw new OwnershipError(`${path} cannot be locked: ${why}`);
  }
}
