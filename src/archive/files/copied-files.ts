import { copyFile, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../protocols/segment/sync-folder.ts';

export interface Copied {
  files: number;
  bytes: number;
  /** Paths of files that were not found. */
  readonly missing: string[];
}

const FOLDER_MODE = 0o700;

/** Copies audio files below one root to the same paths below another, durably. */
export async function copyFiles(
  from: string,
  to: string,
  paths: Iterable<string>,
): Promise<Copied> {
  const copied: Copied = { files: 0, bytes: 0, missing: [] };
  const folders = new Set<string>([to]);
  await mkdir(to, { recursive: true, mode: FOLDER_MODE });
  for (const path of paths) {
    const target = join(to, path);
    if (!folders.has(dirname(target))) await mkdir(dirname(target), { recursive: true });
    folders.add(dirname(target));
    const bytes = await copyOne(join(from, path), target);
    if (bytes === undefined) copied.missing.push(path);
    else {
      copied.files += 1;
      copied.bytes += bytes;
    }
  }
  for (const folder of folders) await syncFolder(folder);
  return copied;
}

/** Removes copies that are no longer named: their originals were erased during the copy. */
export async function removeOthers(root: string, named: ReadonlySet<string>): Promise<void> {
  for (const call of await readdir(root)) {
    for (const name of await readdir(join(root, call))) {
      if (!named.has(`${call}/${name}`)) await rm(join(root, call, name));
    }
    if ((await readdir(join(root, call))).length === 0)
      await rm(join(root, call), { recursive: true });
  }
}

/** Skips a file that an earlier attempt copied in full: a closed file never changes. */
async function copyOne(from: string, to: string): Promise<number | undefined> {
  const there = await stat(from).catch(ifMissing);
  if (!there) return undefined;
  const before = await stat(to).catch(ifMissing);
  if (before?.size === there.size) return there.size;
  try {
    await copyFile(from, to);
  } catch (cause) {
    return ifMissing(cause);
  }
  const handle = await open(to, 'r+');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

function ifMissing(cause: unknown): undefined {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  return undefined;
}
