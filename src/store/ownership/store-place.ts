import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FolderLock, LOCK_FILE } from './folder-lock.ts';
import { inUse, OwnershipError } from './ownership-error.ts';

/**
 * Where an owner works on a store. A copy of the store still names the place of the original: so
 * whoever starts on it learns that it is a copy.
 */
export interface StorePlace {
  /** Of the system; its host name where it has no id, as in a container. */
  readonly machine: string;
  readonly host: string;
  /** Of the data folder, without links. */
  readonly path: string;
  /** Inode of the folder's lock file, and when that was made: it moves with its file system. */
  readonly file: string;
  /** Names a PostgreSQL database; empty where nobody tells; null of SQLite: the folder says all. */
  readonly database: string | null;
}

/** What a store says of the owner before; nothing but `folder` in an older release's. */
export interface StoreIdentity {
  readonly instance: string | null;
  readonly place: StorePlace | null;
  /** `FolderLock.identity`; empty where there was none. */
  readonly folder: string;
}

/** Which store a process owns. */
export interface Claimed {
  /** Names the store, and every copy of it. */
  readonly instance: string;
  readonly place: StorePlace;
}

/** A person says that the copy is the original from now on. */
export type OnAdopt = (before: StorePlace | null, now: StorePlace) => Promise<void>;

/** For people: the rest are numbers, long enough to be taken for those of cards. */
export function toldPlace(place: StorePlace | null): Partial<StorePlace> {
  return place ? { host: place.host, path: place.path } : {};
}

/** The folder is locked by this process. */
export function placeOf(dataDir: string, database: string | null): StorePlace {
  const path = realpathSync(dataDir);
  const { ino, birthtimeNs } = statSync(join(path, LOCK_FILE), { bigint: true });
  return { machine: machineId(), host: hostname(), path, file: `${ino}:${birthtimeNs}`, database };
}

/** Whether the store is a copy, whose original may be at work elsewhere. */
export function isCopy({ place: before, folder }: StoreIdentity, now: StorePlace): boolean {
  if (!before) return isOlderCopy(folder, now);
  // A database is the same one from every folder; its lock keeps two owners apart.
  if (before.database !== null || now.database !== null) {
    return Boolean(before.database && now.database) && before.database !== now.database;
  }
  const isHere = before.machine === now.machine;
  if (isHere && before.path === now.path) return false;
  if (before.file !== now.file) return true;
  // A snapshot has the inodes of its original; a folder that was moved has left its place.
  return isHere && isAnotherFolder(before.path, now.path);
}

/** @throws OwnershipError where nobody adopts it, or its original is seen to be at work */
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

/** Whether another process of this machine has the lock of the folder. */
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

/** An older release noted host, device and inode. */
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
