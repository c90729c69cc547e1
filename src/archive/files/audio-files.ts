/** A file of sealed bytes, open for reading. */
export interface AudioFile {
  readonly size: number;
  /**
   * The bytes from `start` up to, not including, `end`, or up to `size`.
   * @throws AudioAwayError where fewer come
   */
  read(start: number, end: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface ListedFile {
  /** Below the root, with `/` between its parts. */
  readonly path: string;
  readonly bytes: number;
}

/** What is written: bytes, or pieces of them, as they come. */
export type Content = Buffer | AsyncIterable<Buffer>;

/** `disk`: on this machine only; `everywhere`, the default, in a bucket as well. */
export type Place = 'disk' | 'everywhere';

/** Where sealed audio lies. Paths are those of `segmentFile` and its kin: `{callId}/{name}`. */
export interface AudioFiles {
  /**
   * Undefined where there is no such file, and the place that says so is the right one.
   * @throws AudioAwayError where that cannot be known
   */
  open(path: string): Promise<AudioFile | undefined>;
  /** Nothing at all lies where recordings are kept: what is missing there may be elsewhere. */
  isEmpty(): Promise<boolean>;
  /** Whole and durable, or not at all. Resolves with how many bytes it has. */
  write(path: string, content: Content): Promise<number>;
  /** Resolves once everything of the call on this machine, and its names, are durable. */
  sync(callId: string): Promise<void>;
  /** One that is not there is no error. Resolves once it is gone for good. */
  remove(path: string, from?: Place): Promise<void>;
  /** Nothing of the call is left: what it lay in goes as well. */
  removeFolder(callId: string): Promise<void>;
  /** Everything of one call, or of all. */
  list(callId?: string, from?: Place): AsyncIterable<ListedFile>;
  /** Removes what other processes began to write, and died before it was whole. */
  sweepUnfinished(): Promise<void>;
}

/** Of `segmentFile` and `derivedFile`, and what a crash leaves of them. */
const ours =
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/(\d+-\d+(\.\d+)?\.seg|\w+\.\d+\.bin)(\.partial)?$/;

/** By its name: a folder, and a bucket, may be shared. */
export function isOurs(path: string): boolean {
  return ours.test(path);
}

const callFolder = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** By its name: what else lies beside such folders, `lost+found` of a disk say, is a stranger's. */
export function isCallFolder(name: string): boolean {
  return callFolder.test(name);
}

/** In blocks of that length, and a last one; each is the caller's until it asks for the next. */
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
