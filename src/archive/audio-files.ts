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
  /** Whole and durable, or not at all. */
  write(path: string, bytes: Buffer): Promise<void>;
  /** Resolves once everything of the call on this machine, and its names, are durable. */
  sync(callId: string): Promise<void>;
  /** One that is not there is no error. Resolves once it is gone for good. */
  remove(path: string, from?: Place): Promise<void>;
  /** Nothing of the call is left: what it lay in goes as well. */
  removeFolder(callId: string): Promise<void>;
  /** Everything of one call, or of all. */
  list(callId?: string, from?: Place): AsyncIterable<ListedFile>;
}
