import { close, fdatasync, open } from 'node:fs';

/** A file to which nothing is written any more. */
export interface FinishedFile {
  readonly path: string;
  /** Open for writing; belongs to the queue. */
  readonly descriptor: number;
  /** @param code of the error, or ETIMEDOUT where too many files wait for the disk */
  onFailed(code: string | undefined): void;
}

/** A file that waits; without a descriptor it is opened again. */
interface WaitingFile extends Pick<FinishedFile, 'path' | 'onFailed'> {
  readonly descriptor: number | undefined;
}

/** The files that wait are synced within about so long, however many they are. */
const LAG_MS = 1_000;
/** The disk rests as long as it worked, but no longer than this. */
const MAX_REST_MS = 50;
/** So many of the files that wait stay open. */
const MAX_OPEN = 64;
/** A longer backlog for the disk is a failure, not a queue. */
const MAX_WAITING = 65_536;

/**
 * Syncs finished files to the disk one after the other and then closes them, and lets the disk rest
 * between two: all at once, as when many calls pause at the same moment, they would delay the
 * commits that answer those very commands.
 *
 * Calls may pause faster than the disk syncs. What waits then is closed and opened again for its
 * turn, so that it costs no descriptors: an error of writing back that nobody has seen is told to
 * whoever opens the file next (fsync(2), since Linux 4.16).
 */
export class SyncQueue {
  readonly #files: WaitingFile[] = [];
  #busy = false;

  /** Number of files that wait for their turn. */
  get length(): number {
    return this.#files.length;
  }

  add(file: FinishedFile): void {
    const isOverfull = this.#files.length >= MAX_WAITING;
    if (isOverfull) file.onFailed('ETIMEDOUT');
    if (this.#files.length < MAX_OPEN) this.#files.push(file);
    else {
      const onFailed = (code?: string): void => file.onFailed(code);
      close(file.descriptor, (error) => error && onFailed(error.code));
      if (!isOverfull) this.#files.push({ path: file.path, descriptor: undefined, onFailed });
    }
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const file = this.#files.shift();
    this.#busy = file !== undefined;
    if (!file) return;
    const begunMs = performance.now();
    const done = (error?: NodeJS.ErrnoException | null): void => {
      if (error) file.onFailed(error.code);
      this.#rest(performance.now() - begunMs);
    };
    if (file.descriptor !== undefined) syncAndClose(file.descriptor, done);
    else {
      open(file.path, 'r+', (error, descriptor) => {
        if (!error) syncAndClose(descriptor, done);
        // Somebody erased it meanwhile: nothing is left to sync.
        else done(error.code === 'ENOENT' ? null : error);
      });
    }
  }

  #rest(tookMs: number): void {
    const restMs = Math.min(tookMs, MAX_REST_MS, LAG_MS / (this.#files.length + 1));
    // A timer of less than a millisecond waits for a whole one.
    if (restMs < 1) setImmediate(() => this.#next()).unref();
    else setTimeout(() => this.#next(), restMs).unref();
  }
}

function syncAndClose(
  descriptor: number,
  onDone: (error: NodeJS.ErrnoException | null) => void,
): void {
  fdatasync(descriptor, (error) => close(descriptor, (second) => onDone(error ?? second ?? null)));
}
