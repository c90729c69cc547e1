/** A file of sealed bytes, open for reading. */
export interface AudioFile {
  readonly size: number;
  /**
   * Reads the bytes from `start` up to, not including, `end`, or up to `size`.
   * @throws AudioAwayError if fewer arrive
   */
  read(start: number, end: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface ListedFile {
  /** Path below the root, with `/` between its parts. */
  readonly path: string;
  readonly bytes: number;
}

/** Bytes to write, whole or in pieces as they arrive. */
export type Content = Buffer | AsyncIterable<Buffer>;

/** `disk`: on this machine only; `everywhere`, the default, in a bucket as well. */
export type Place = 'disk' | 'everywhere';

/** The storage of sealed audio. Paths are those of `segmentFile` and its kin: `{callId}/{name}`. */
export interface AudioFiles {
  /**
   * Opens a file; returns undefined if there is none and the place that says so is the right one.
   * @throws AudioAwayError if that cannot be known
   */
  open(path: string): Promise<AudioFile | undefined>;
  /** True when no recording at all is stored here: a missing one may be elsewhere. */
  isEmpty(): Promise<boolean>;
  /** Writes a whole, durable file, or none. Resolves with its size in bytes. */
  write(path: string, content: Content): Promise<number>;
  /** Resolves once all files of the call on this machine, and their names, are durable. */
  sync(callId: string): Promise<void>;
  /** Removes a file; a missing one is no error. Resolves once it is gone for good. */
  remove(path: string, from?: Place): Promise<void>;
  /** Removes the folder of a call that has no files left. */
  removeFolder(callId: string): Promise<void>;
  /** Lists the files of one call, or of all. */
  list(callId?: string, from?: Place): AsyncIterable<ListedFile>;
  /** Removes files that other processes left incomplete when they died. */
  sweepUnfinished(): Promise<void>;
}

/** Matches names of `segmentFile` and `derivedFile`, and what a crash leaves of them. */
const ours =
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/(\d+-\d+(\.\d+)?\.seg|\w+\.\d+\.bin)(\.partial)?$/;

/** True when the name is one of Hush's: a folder or bucket may be shared. */
export function isOurs(path: string): boolean {
  return ours.test(path);
}

const callFolder = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * True when the name is that of a call folder: others, such as `lost+found`, belong to somebody
 * else.
 */
export function isCallFolder(name: string): boolean {
  return callFolder.test(name);
}

/** Yields blocks of that length, and a shorter last one; each is the caller's until the next. */
export async function* inBlocks(content: Content, bytes: number): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(content)) {
    for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes);
    return;
  }
  const block = Buffer.allocUnsafe(bytes);
  let filled = 0;
  for await (const piece of content) {
    for (let at = 0; at < piece.length; ) {
      const copied = piece.copy(block, filled, at);
      filled += copied;
      at += copied;
      if (filled < block.length) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
