import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** The permission bits of group and others. */
const OTHERS = 0o077;

/**
 * A path that is open to others and cannot be closed; the message is a sentence for an operator.
 */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

export interface DataFolderOptions {
  /** Files left as they are: their readers refuse them if others could read them before. */
  readonly untouched?: readonly string[];
}

/**
 * Gives the folder and its contents to their owner alone, whatever umask they were made under.
 * Deeper folders are examined only below an open one: nobody gets through a closed one.
 * @returns the paths that were open to others
 * @throws DataFolderError if one stays open
 */
export function closeDataFolder(folder: string, options: DataFolderOptions = {}): string[] {
  makeFolder(folder);
  // Windows has no such modes.
  if (process.platform === 'win32') return [];
  const repaired: string[] = [];
  close(folder, { stats: statSync(folder), mode: FOLDER_MODE, repaired });
  const isOpen = repaired.length > 0;
  closeWithin(folder, { repaired, isOpen, untouched: options.untouched ?? [] });
  return repaired;
}

/**
 * Makes a folder for its owner alone, and those above it, where there is none. Node's own recursive
 * `mkdir` never returns where the kernel has ENOENT for what is new in a folder that is there
 * (proc(5)).
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at) && at !== dirname(at); at = dirname(at)) {
    missing.unshift(at);
  }
  for (const path of missing) {
    try {
      mkdirSync(path, { mode: FOLDER_MODE });
    } catch (cause) {
      // Another process may have made it meanwhile; a link to nowhere remains one.
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(path)) throw cause;
    }
  }
  if (!statSync(folder).isDirectory()) {
    throw new DataFolderError(`dataDir: ${folder} is not a folder`);
  }
}

/** SQLite gives its log and shared memory the mode of the database file. */
export function makePrivateFile(file: string): void {
  if (existsSync(file)) return;
  try {
    closeSync(openSync(file, 'wx', FILE_MODE));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}

interface Repair {
  readonly repaired: string[];
  /** True when a folder above was open. */
  readonly isOpen: boolean;
  readonly untouched: readonly string[];
}

function closeWithin(folder: string, { repaired, isOpen, untouched }: Repair): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatIfThere(path);
    // The target of a link is not ours to close.
    if (!stats || stats.isSymbolicLink() || untouched.includes(basename(path))) continue;
    const before = repaired.length;
    close(path, { stats, mode: stats.isDirectory() ? FOLDER_MODE : FILE_MODE, repaired });
    const isLookedAt = isOpen || repaired.length > before;
    if (stats.isDirectory() && isLookedAt) closeWithin(path, { repaired, isOpen, untouched });
  }
}

function close(
  path: string,
  { stats, mode, repaired }: { stats: Stats; mode: number; repaired: string[] },
): void {
  if ((stats.mode & OTHERS) === 0) return;
  try {
    chmodSync(path, mode);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A short-lived file, as SQLite makes them.
    if (code === 'ENOENT') return;
    throw new DataFolderError(
      `${path} is open to others (mode ${octal(stats.mode)}) and cannot be closed (${code}): ` +
        `give it to the account that Hush runs as, with mode ${octal(mode)}`,
    );
  }
  repaired.push(path);
}

function lstatIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
