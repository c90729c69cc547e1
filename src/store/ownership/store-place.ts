import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FolderLock, LOCK_FILE } from './folder-lock.ts';
import { inUse, OwnershipError } from './ownership-error.ts';

/**
 * The place where an owner works on a store. A copy of the store still names the place of the
 * original, so a process that starts on it detects the copy.
 */
export interface StorePlace {
  /** Id of the system; its host name if it has none, as in a container. */
  readonly machine: string;
  readonly host: string;
  /** Path of the data folder, without links. */
  readonly path: string;
  /** Inode and creation time of the folder's lock file, which move with its file system. */
  readonly file: string;
  /**
   * Name of the PostgreSQL database; empty if unknown; null for SQLite: the folder identifies it.
   */
  readonly database: string | null;
}

/** A store's identity and its previous owner's place; an older release stored `folder` alone. */
export interface StoreIdentity {
  readonly instance: string | null;
  readonly place: StorePlace | null;
  /** `FolderLock.identity`; empty if there was none. */
  readonly folder: string;
}

/** The store that a process owns. */
export interface Claimed {
  /** Identifies the store, and every copy of it. */
  readonly instance: string;
  readonly place: StorePlace;
  /** True when the previous owner stopped in order: it told the store all that it knew. */
  readonly inOrder: boolean;
}

/** Called when an operator declares that the copy is the original from now on. */
export type OnAdopt = (before: StorePlace | null, now: StorePlace) => Promise<void>;

/** Returns the readable parts: the others are numbers long enough to look like card numbers. */
export function toldPlace(place: StorePlace | null): Partial<StorePlace> {
  return place ? { host: place.host, path: place.path } : {};
}

/** Returns the place of a folder that this process has locked. */
export function placeOf(dataDir: string, database: string | null): StorePlace {
  const path = realpathSync(dataDir);
  const { ino, birthtimeNs } = statSync(join(path, LOCK_FILE), { bigint: true });
  return { machine: machineId(), host: hostname(), path, file: `${ino}:${birthtimeNs}`, database };
}

/** True when the store is a copy, whose original may be at work elsewhere. */
export function isCopy({ place: before, folder }: StoreIdentity, now: StorePlace): boolean {
  if (!before) return isOlderCopy(folder, now);
  // A database is the same from every folder; its lock keeps two owners apart.
  if (before.database !== null || now.database !== null) {
    return Boolean(before.database && now.database) && before.database !== now.database;
  }
  const isHere = before.machine === now.machine;
  if (isHere && before.path === now.path) return false;
  if (before.file !== now.file) return true;
  // A snapshot has the inodes of its original; a folder that was moved has left its place.
  return isHere && isAnotherFolder(before.path, now.path);
}

/** @throws OwnershipError if nobody adopts the copy, or its original is seen to be at work */
export function mustBeAdoptable(
  { place }: StoreIdentity,
  now: StorePlace,
  isAdopted: boolean,
): void {
  if (!isAdopted) throw new OwnershipError(copyWords(place, now));
  if (place && isOwned(place)) {
    throw inUse(`The original, ${place.path},`, FolderLock.holder(place.path));
  }
}

function copyWords(before: StorePlace | null, now: StorePlace): string {
  const what = now.database === null ? `The data folder ${now.path}` : 'The database';
  const where = before ? `, which Hush worked on in ${before.path} on ${before.host}` : '';
  return (
    `${what} is a copy of another one${where}: two at work on the same calls hang up each other's, ` +
    'and deliver events twice. Where the original is gone for good, start once with ' +
    'hush serve --adopt'
  );
}

/** True when another process of this machine has the lock of the folder. */
function isOwned({ machine, path }: StorePlace): boolean {
  if (machine !== machineId() || !existsSync(join(path, LOCK_FILE))) return false;
  try {
    const lock = FolderLock.tryTake(path);
    lock?.release();
    return !lock;
  } catch {
    return false;
  }
}

/** True for a copy of an older release's store, which recorded host, device and inode. */
function isOlderCopy(folder: string, { file, database }: StorePlace): boolean {
  if (folder === '' || database !== null) return false;
  return folder.split(':').at(-1) !== file.split(':')[0];
}

function isAnotherFolder(before: string, now: string): boolean {
  const [then, here] = [before, now].map((path) =>
    statSync(join(path, LOCK_FILE), { bigint: true, throwIfNoEntry: false }),
  );
  return then !== undefined && (then.dev !== here?.dev || then.ino !== here.ino);
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    return hostname();
  }
}
