import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Copied, copyFiles, removeOthers } from './archive/files/copied-files.ts';
import { derivedFile } from './archive/files/derived-file.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import { commandLineCaller } from './domain/access/access.ts';
import { auditedChange } from './domain/access/audit-change.ts';
import { AuditLog } from './domain/access/audit-log.ts';
import { openStoreBeside } from './offline-store.ts';
import { openDatabase, ownershipOptions } from './open-database.ts';
import { segmentFile } from './protocols/segment/sealed-chunk.ts';
import { syncFolderNow } from './protocols/segment/sync-folder.ts';
import { makeFolder } from './store/ownership/data-folder.ts';
import { Ownership } from './store/ownership/ownership.ts';
import { copySqlite, type NamedAudio, namedAudio } from './store/sqlite/sqlite-copy.ts';
import { SqlStore } from './store/store.ts';

const MANIFEST = 'hush-backup.json';
const DATABASE = 'hush.sqlite';
const AUDIO = 'recordings';
const KEY_FILES = ['master.key', 'issuer-keys.json'] as const;
/** Recordings that are erased or uploaded meanwhile are looked for in a newer copy of the rows. */
const MAX_ROUNDS = 4;

/** Marks a complete backup: written last. */
export interface BackupManifest {
  readonly format: 1;
  readonly at: string;
  readonly host: string;
  readonly dataDir: string;
  /** The master keys that open it, by their ids. */
  readonly keyIds: readonly string[];
  readonly withKeys: boolean;
  readonly files: number;
  readonly bytes: number;
  /** Files that are not in it because they lay in the bucket. */
  readonly inBucket: number;
  /** Files that rows name and that were nowhere. */
  readonly missing: readonly string[];
}

/**
 * Copies a data folder, of a Hush at work or not, so that every recording of the copy opens: the
 * rows of one instant, and the files that they have keys of.
 * @throws ConfigError
 */
export async function backUp(
  config: Config,
  to: string,
  { withKeys }: { readonly withKeys: boolean },
): Promise<BackupManifest> {
  mustBeSqlite(config, 'back it up with pg_dump, then copy the recordings');
  const folder = newFolder(to);
  if (!existsSync(join(config.dataDir, DATABASE))) {
    throw new ConfigError(`${config.dataDir} holds no ${DATABASE}: there is nothing to back up`);
  }
  await putOnRecord(await openStoreBeside(config), 'backup', { folder, withKeys });
  const { named, copied } = await copyAll(config.dataDir, folder);
  const keyFiles = KEY_FILES.filter((name) => existsSync(join(config.dataDir, name)));
  if (withKeys) for (const name of keyFiles) await copyDurably(config.dataDir, folder, name);
  const isInBucket = config.archive.s3.bucket !== undefined;
  const manifest: BackupManifest = {
    ...{ format: 1, at: new Date().toISOString(), host: hostname() },
    ...{ dataDir: resolve(config.dataDir), keyIds: named.keyIds, withKeys },
    ...{ files: copied.files, bytes: copied.bytes },
    inBucket: isInBucket ? copied.missing.length : 0,
    missing: isInBucket ? [] : copied.missing,
  };
  await writeDurably(folder, MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/**
 * Puts a backup into the data folder of the configuration, which holds no store yet.
 * @throws ConfigError, OwnershipError
 */
export async function restore(config: Config, from: string): Promise<BackupManifest> {
  mustBeSqlite(config, 'restore it with pg_restore, then copy the recordings back');
  const manifest = manifestOf(from);
  const { dataDir } = config;
  makeFolder(dataDir);
  const ownership = await Ownership.take(ownershipOptions(config));
  try {
    if (existsSync(join(dataDir, DATABASE))) {
      throw new ConfigError(`${dataDir} holds a store already: restore into an empty folder`);
    }
    const paths = pathsOf(namedAudio(join(from, DATABASE)));
    const { missing } = await copyFiles(join(from, AUDIO), join(dataDir, AUDIO), paths);
    const known = new Set(manifest.missing);
    const lost = manifest.inBucket > 0 ? [] : missing.filter((path) => !known.has(path));
    for (const name of manifest.withKeys ? KEY_FILES : []) {
      const isThere = existsSync(join(dataDir, name)) || !existsSync(join(from, name));
      if (!isThere) await copyDurably(from, dataDir, name);
    }
    // Last: a folder without rows is no store, and is restored into again.
    await copyDurably(from, dataDir, DATABASE);
    const store = await SqlStore.open(openDatabase(config, { onConnectionLost: () => undefined }));
    await putOnRecord(store, 'restore', { from: resolve(from), backup: manifest.at });
    return { ...manifest, missing: [...manifest.missing, ...lost] };
  } finally {
    await ownership.release();
  }
}

/** Until no row names a file that was taken away while the files before it were copied. */
async function copyAll(
  dataDir: string,
  folder: string,
): Promise<{ named: NamedAudio; copied: Copied }> {
  const database = join(folder, DATABASE);
  for (let round = 1; ; round += 1) {
    await rm(database, { force: true });
    copySqlite(join(dataDir, DATABASE), database);
    const named = namedAudio(database);
    const audio = join(folder, AUDIO);
    const copied = await copyFiles(join(dataDir, AUDIO), audio, pathsOf(named));
    const open = new Set(named.segments.filter(({ isOpen }) => isOpen).map(segmentFile));
    const missing = copied.missing.filter((path) => !open.has(path));
    if (missing.length > 0 && round < MAX_ROUNDS) continue;
    await removeOthers(audio, new Set(pathsOf(named)));
    syncFolderNow(folder);
    return { named, copied: { ...copied, missing } };
  }
}

function pathsOf({ segments, derived }: NamedAudio): string[] {
  return [...segments.map(segmentFile), ...derived.map(derivedFile)];
}

function manifestOf(folder: string): BackupManifest {
  let manifest: Partial<BackupManifest>;
  try {
    manifest = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as BackupManifest;
  } catch {
    throw new ConfigError(`${folder} is no backup that was finished: ${MANIFEST} cannot be read`);
  }
  if (manifest.format === 1) return manifest as BackupManifest;
  throw new ConfigError(`${folder} was made by a newer Hush (format ${manifest.format})`);
}

function mustBeSqlite({ store }: Config, instead: string): void {
  if (store.kind === 'sqlite') return;
  throw new ConfigError(`the store is PostgreSQL: ${instead} (docs/operate/backup.md)`);
}

function newFolder(path: string): string {
  const folder = resolve(path);
  makeFolder(folder);
  if (readdirSync(folder).length > 0) throw new ConfigError(`${folder} is not empty`);
  return folder;
}

async function putOnRecord(store: SqlStore, action: string, after: object): Promise<void> {
  try {
    const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
    const change = auditedChange({}, after);
    const caller = commandLineCaller(userInfo().username);
    await auditLog.record(auditLog.entry(caller, { action, outcome: 'ok', change }));
  } finally {
    await store.close();
  }
}

async function copyDurably(from: string, to: string, name: string): Promise<void> {
  const partial = join(to, `${name}.partial`);
  await copyFile(join(from, name), partial);
  const handle = await open(partial, 'r+');
  await handle.sync().finally(() => handle.close());
  renameSync(partial, join(to, name));
  syncFolderNow(to);
}

async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const partial = join(folder, `${name}.partial`);
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  renameSync(partial, join(folder, name));
  syncFolderNow(folder);
}
