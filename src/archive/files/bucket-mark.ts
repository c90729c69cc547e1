import { setTimeout as delay } from 'node:timers/promises';
import type { AudioFile, AudioFiles, Content, ListedFile } from './audio-files.ts';

/** Prefix that holds marks alone: `archive check` skips it. */
export const MARKS = 'hush-instance/';
/** Patience for a new mark, as a multiple of the interval at which a live owner renews it. */
const PATIENCE = 1.5;
const MAX_MARK_BYTES = 4_096;

/** The mark that an instance writes to its bucket at every interval. */
interface Mark {
  readonly instance: string;
  /** Identifies this process alone. */
  readonly run: string;
  readonly count: number;
  /** Shown to operators. */
  readonly host: string;
  readonly path: string;
  /** True when the process stopped in order: nobody needs to wait for it. */
  readonly ended: boolean;
}

export interface BucketMarkOptions {
  /** The bucket without this guard. */
  readonly bucket: AudioFiles;
  readonly instance: string;
  readonly run: string;
  readonly host: string;
  readonly path: string;
  readonly intervalMs: number;
  /** Called when another process marks the bucket as the same instance: a copy, or the original. */
  onShared(detail: string): void;
  /** Called when the bucket is ours, for the first time or again. */
  onOurs(): void;
  onError(cause: unknown): void;
}

/**
 * Proves that nobody else works on the bucket as this instance, which a copy of the store would
 * (docs/decisions/0025). Each instance has a mark of its own: others may share the bucket.
 *
 *   looking --no mark, an ended one, or one not renewed--> ours --another run's mark--> shared
 *      \--the mark was renewed--> shared --the mark is no longer renewed--> ours
 */
export class BucketMark {
  readonly #options: BucketMarkOptions;
  readonly #closing = new AbortController();
  #state: 'looking' | 'ours' | 'shared' = 'looking';
  /**
   * Failure of the last look, and how many failed in a row: one may have met a mark being written.
   */
  #failure: { readonly cause: unknown; readonly inARow: number } | undefined;
  #count = 0;
  /** The mark of another run as it was last seen, and when. */
  #seen: { readonly text: string; readonly at: number } | undefined;
  #looking: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BucketMarkOptions) {
    this.#options = options;
  }

  get isOurs(): boolean {
    return this.#state === 'ours';
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Called before any change in the bucket; waits while its owner is unknown. @throws Error */
  async mustBeOurs(): Promise<void> {
    while (this.#state === 'looking') {
      this.#closing.signal.throwIfAborted();
      await this.#look();
      if (this.#state !== 'looking') break;
      if (this.#failure && this.#failure.inARow > 1) throw this.#failure.cause;
      await this.#wait(this.#options.intervalMs / 4);
    }
    if (this.#state === 'shared') {
      throw new Error('another Hush works on the bucket as the same instance');
    }
  }

  /** Releases all who wait to change something in the bucket. */
  stopWaiting(): void {
    this.#closing.abort(new Error('Hush stops'));
  }

  /** Called after the last change: marks this run as ended. May be called twice. */
  async close(): Promise<void> {
    this.stopWaiting();
    await this.#running;
    await this.#looking;
    if (this.#state !== 'ours') return;
    this.#state = 'shared';
    await this.#write(true).catch(this.#options.onError);
  }

  async #run(): Promise<void> {
    const { intervalMs } = this.#options;
    while (!this.#closing.signal.aborted) {
      await this.#look();
      await this.#wait(this.#state === 'looking' ? intervalMs / 4 : intervalMs);
    }
  }

  /** Looks at the mark, one look at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    try {
      const text = await this.#read();
      const mark = text === undefined ? undefined : markOf(text);
      if (mark === undefined || mark.ended || mark.run === this.#options.run) await this.#take();
      else if (this.#state === 'ours') this.#share(mark, text ?? '');
      else await this.#watch(mark, text ?? '');
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = { cause, inARow: (this.#failure?.inARow ?? 0) + 1 };
      if (this.#state !== 'looking') this.#options.onError(cause);
    }
  }

  /** Takes the bucket over when the mark is no longer renewed: its process has died. */
  async #watch(mark: Mark, text: string): Promise<void> {
    const now = performance.now();
    if (this.#seen === undefined) this.#seen = { text, at: now };
    else if (this.#seen.text !== text) this.#share(mark, text);
    else if (now - this.#seen.at >= this.#options.intervalMs * PATIENCE) await this.#take();
  }

  async #take(): Promise<void> {
    await this.#write(false);
    this.#seen = undefined;
    if (this.#state === 'ours') return;
    this.#state = 'ours';
    this.#options.onOurs();
  }

  #share({ host, path }: Mark, text: string): void {
    this.#seen = { text, at: performance.now() };
    if (this.#state === 'shared') return;
    this.#state = 'shared';
    this.#options.onShared(`it works in ${path} on ${host}`);
  }

  async #write(ended: boolean): Promise<void> {
    const { bucket, instance, run, host, path } = this.#options;
    this.#count += 1;
    const mark: Mark = { instance, run, count: this.#count, host, path, ended };
    await bucket.write(this.#path, Buffer.from(JSON.stringify(mark)));
  }

  async #read(): Promise<string | undefined> {
    const file = await this.#options.bucket.open(this.#path);
    if (!file) return undefined;
    try {
      return (await file.read(0, Math.min(file.size, MAX_MARK_BYTES))).toString();
    } finally {
      await file.close();
    }
  }

  get #path(): string {
    return `${MARKS}${this.#options.instance}.json`;
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#closing;
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Parses a mark. An unreadable one is somebody else's as long as it is renewed. */
function markOf(text: string): Mark {
  const unknown = { instance: '', run: '', count: 0, host: 'unknown', path: 'unknown' };
  try {
    return { ...unknown, ended: false, ...(JSON.parse(text) as object) };
  } catch {
    return { ...unknown, ended: false };
  }
}

/** A bucket in which nothing is changed while it may be somebody else's. */
export class MarkedFiles implements AudioFiles {
  readonly #bucket: AudioFiles;
  readonly #mark: Pick<BucketMark, 'mustBeOurs'>;

  constructor(bucket: AudioFiles, mark: Pick<BucketMark, 'mustBeOurs'>) {
    this.#bucket = bucket;
    this.#mark = mark;
  }

  open(path: string): Promise<AudioFile | undefined> {
    return this.#bucket.open(path);
  }

  isEmpty(): Promise<boolean> {
    return this.#bucket.isEmpty();
  }

  async write(path: string, content: Content): Promise<number> {
    await this.#mark.mustBeOurs();
    return this.#bucket.write(path, content);
  }

  sync(callId: string): Promise<void> {
    return this.#bucket.sync(callId);
  }

  async remove(path: string): Promise<void> {
    await this.#mark.mustBeOurs();
    await this.#bucket.remove(path);
  }

  removeFolder(callId: string): Promise<void> {
    return this.#bucket.removeFolder(callId);
  }

  list(callId?: string): AsyncIterable<ListedFile> {
    return this.#bucket.list(callId);
  }

  async sweepUnfinished(): Promise<void> {
    await this.#mark.mustBeOurs();
    await this.#bucket.sweepUnfinished();
  }
}
