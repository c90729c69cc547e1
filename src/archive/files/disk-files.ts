import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AudioAwayError } from '../../domain/model/errors.ts';
import { syncFolder } from '../../protocols/segment/sync-folder.ts';
import {
  type AudioFile,
  type AudioFiles,
  type Content,
  inBlocks,
  isCallFolder,
  isOurs,
  type ListedFile,
} from './audio-files.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Suffix of a file in the making, which a crash may leave behind. */
const PARTIAL = '.partial';
const BLOCK_BYTES = 1_048_576;

/** A folder of this machine, with one folder per call in it. */
export class DiskFiles implements AudioFiles {
  readonly #root: string;
  /** Paths being written. */
  readonly #writing = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async open(path: string): Promise<AudioFile | undefined> {
    // Opening a pipe would otherwise wait for a writer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const handle = await ifThere(open(join(this.#root, path), flags)).catch(away);
    if (!handle) return undefined;
    const found = await handle.stat();
    if (!found.isFile()) {
      // A folder, or anything else in its place, is no file.
      await handle.close();
      return undefined;
    }
    const { size } = found;
    return {
      size,
      read: (start, end) => readAll(handle, start, Math.min(end, size)).catch(away),
      close: () => handle.close(),
    };
  }

  /** True as well if a disk is not mounted. */
  async isEmpty(): Promise<boolean> {
    const names = (await ifThere(readdir(this.#root)).catch(away)) ?? [];
    return !names.some(isCallFolder);
  }

  async write(path: string, content: Content): Promise<number> {
    const target = join(this.#root, path);
    const folder = dirname(target);
    const partial = `${path}${PARTIAL}`;
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    this.#writing.add(partial);
    try {
      const bytes = await writeDurably(join(this.#root, partial), content);
      await rename(join(this.#root, partial), target);
      await syncFolder(folder);
      return bytes;
    } catch (cause) {
      await rm(join(this.#root, partial), { force: true }).catch(() => undefined);
      throw cause;
    } finally {
      this.#writing.delete(partial);
    }
  }

  async sync(callId: string): Promise<void> {
    const folder = join(this.#root, callId);
    for await (const { path } of this.list(callId)) {
      // A descriptor of any process syncs the writes of all of them.
      const handle = await ifThere(open(join(this.#root, path), 'r'));
      await handle?.sync().finally(() => handle.close());
    }
    await ifThere(syncFolder(folder));
    await syncFolder(this.#root);
  }

  async remove(path: string): Promise<void> {
    const target = join(this.#root, path);
    await rm(target, { force: true });
    await ifThere(syncFolder(dirname(target)));
    // The folder of a call goes with its last file.
    await this.removeFolder(dirname(path));
  }

  async removeFolder(callId: string): Promise<void> {
    await rmdir(join(this.#root, callId)).catch(() => undefined);
    await ifThere(syncFolder(this.#root));
  }

  async *list(callId?: string): AsyncGenerator<ListedFile> {
    const calls = callId === undefined ? ((await ifThere(readdir(this.#root))) ?? []) : [callId];
    for (const call of calls) {
      for (const name of await this.#namesIn(call)) {
        const path = `${call}/${name}`;
        const found = await ifThere(stat(join(this.#root, path)));
        if (found?.isFile()) yield { path, bytes: found.size };
      }
    }
  }

  async sweepUnfinished(): Promise<void> {
    for (const call of (await ifThere(readdir(this.#root))) ?? []) {
      if (!isCallFolder(call)) continue;
      for (const name of await this.#namesIn(call)) {
        const path = `${call}/${name}`;
        if (!isUnfinished(path) || this.#writing.has(path)) continue;
        await this.remove(path);
      }
    }
  }

  /** A foreign folder may be unreadable: it holds nothing of ours. */
  async #namesIn(call: string): Promise<string[]> {
    try {
      return (await ifThere(readdir(join(this.#root, call)))) ?? [];
    } catch (cause) {
      if (isCallFolder(call)) throw cause;
      return [];
    }
  }
}

/** True for the names that only `write` gives to files. */
export function isUnfinished(path: string): boolean {
  return path.endsWith(PARTIAL) && isOurs(path);
}

async function writeDurably(file: string, content: Content): Promise<number> {
  const handle = await open(file, 'w', FILE_MODE);
  let bytes = 0;
  try {
    for await (const block of inBlocks(content, BLOCK_BYTES)) {
      await handle.writeFile(block);
      bytes += block.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return bytes;
}

async function readAll(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) throw new Error('a file is shorter than it was when it was opened');
    at += bytesRead;
  }
  return bytes;
}

/** Throws: an unreadable disk does not prove that a file is missing. */
function away(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : 'unknown failure';
  throw new AudioAwayError(`the disk does not give a recording: ${why}`, { cause });
}

/** Returns undefined for a missing file, or for a folder that is none. */
async function ifThere<Result>(looked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await looked;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
}
