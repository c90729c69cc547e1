import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AudioAwayError, AudioMissingError, ExportsBusyError } from '../../domain/model/errors.ts';
import type { ExportedAudio } from '../../domain/ports/archive.ts';
import type { Interruptible } from '../playback/listeners.ts';
import type { ExportFailure, ExportJob, FromExport, ToExport } from './export-messages.ts';

/** Pieces, of some seconds each, that wait in memory until they are taken. */
const PIECES_AHEAD = 2;
/** A thread whose disk answers nothing is terminated after this, ms. */
const END_TIMEOUT_MS = 2_000;

/** A file in the making, with the state of its source. */
export interface MadeAudio extends ExportedAudio, Interruptible {
  /**
   * Resolves once all files of the recording were found.
   * @throws AudioMissingError, AudioAwayError
   */
  opened(): Promise<void>;
  /** Final at the end: true when audio outside the gap map's gaps did not open. */
  readonly isDamaged: boolean;
}

interface ExportOptions {
  /**
   * Caller that may run at most half of all exports, rounded up; without one there is no such
   * limit.
   */
  readonly owner?: string | undefined;
  /** Called when the file is complete or will not be completed. */
  onEnded?(made: MadeAudio): void;
  /** Called when nobody reads the file any more, complete or not; perhaps more than once. */
  readonly onClosed?: (() => void) | undefined;
}

/**
 * Exports in progress, each in a thread of its own, so that transcoding never blocks the main
 * thread.
 */
export class Exports {
  readonly #maxAtOnce: number;
  /** Exports with their owners. */
  readonly #running = new Map<RunningExport, string | undefined>();

  constructor(maxAtOnce: number) {
    this.#maxAtOnce = maxAtOnce;
  }

  /**
   * Starts an export. Threads that only close their files take nobody's place, up to as many again.
   * @throws ExportsBusyError
   */
  start(job: ExportJob, { owner, onEnded, onClosed }: ExportOptions = {}): MadeAudio {
    this.#mustHaveRoom(owner);
    const onExit = (): void => {
      this.#running.delete(running);
      onEnded?.(running);
    };
    const running = new RunningExport(job, { onExit, onClosed });
    this.#running.set(running, owner);
    return running;
  }

  /** Ends all exports; their readers learn that the file is incomplete. */
  async close(): Promise<void> {
    const closed = new Error('the archive was closed');
    await Promise.all([...this.#running.keys()].map((running) => running.end(closed)));
  }

  #mustHaveRoom(owner: string | undefined): void {
    const most = this.#maxAtOnce;
    const owners = [...this.#running].flatMap(([{ isAtWork }, by]) => (isAtWork ? [by] : []));
    if (owners.length >= most || this.#running.size >= 2 * most) {
      throw new ExportsBusyError(`${most} exports are in progress`);
    }
    const own = owner === undefined ? [] : owners.filter((other) => other === owner);
    if (own.length >= Math.ceil(most / 2)) {
      throw new ExportsBusyError('this caller has its share of exports in progress');
    }
  }
}

interface Watching extends Pick<ExportOptions, 'onClosed'> {
  /** Called when the export's thread has ended. */
  onExit(): void;
}

class RunningExport implements MadeAudio {
  isDamaged = false;
  readonly #erased = new AbortController();
  readonly #worker: Worker;
  readonly #arrived: Uint8Array[] = [];
  readonly #opening = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #ended = false;
  /** What the thread still sends is nobody's any more: the recording may have been erased. */
  #isClosed = false;
  #failure: Error | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #wake = (): void => undefined;
  readonly #onClosed: (() => void) | undefined;

  constructor(job: ExportJob, { onExit, onClosed }: Watching) {
    this.#onClosed = onClosed;
    const entry = new URL(`./export-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(entry, { name: 'hush export', workerData: job });
    this.#worker.on('message', (message: FromExport) => this.#take(message));
    this.#worker.on('error', (cause) => {
      this.#failure ??= cause instanceof Error ? cause : new Error(String(cause));
    });
    this.#worker.on('exit', () => {
      if (!this.#ended) this.#failure ??= new Error('the export thread ended');
      this.#opening.reject(this.#failure ?? new Error('the export was ended'));
      this.#wake();
      clearTimeout(this.#deadline);
      this.#exited.resolve();
      onExit();
    });
    // The export may end before anybody awaits its opening.
    this.#opening.promise.catch(() => undefined);
    for (let index = 0; index < PIECES_AHEAD; index += 1) this.#ask();
  }

  /** False once nothing is left to make: its thread only closes its files. */
  get isAtWork(): boolean {
    return !this.#ended && !this.#failure;
  }

  get erased(): AbortSignal {
    return this.#erased.signal;
  }

  opened(): Promise<void> {
    return this.#opening.promise;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#arrived.shift();
      if (piece) {
        this.#ask();
        yield piece;
      } else if (this.#failure) throw this.#failure;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  close(): Promise<void> {
    this.#onClosed?.();
    return this.end(undefined);
  }

  interrupt(): Promise<void> {
    this.#erased.abort();
    return this.end(new Error('the recording was erased'));
  }

  /**
   * Ends the export even if all of it was made: pieces not yet taken are dropped. The thread closes
   * its files itself: Node leaks the descriptor of a file that a terminated thread was opening or
   * closing.
   */
  async end(failure: Error | undefined): Promise<void> {
    this.#isClosed = true;
    this.#arrived.length = 0;
    if (failure) this.#failure ??= failure;
    this.#ended = true;
    this.#wake();
    this.#worker.postMessage('end' satisfies ToExport);
    this.#mustExit();
    await this.#exited.promise;
  }

  /** Bounds how long the thread closes its files. One that the disk holds is given up. */
  #mustExit(): void {
    this.#deadline ??= setTimeout(() => {
      void this.#worker.terminate();
      this.#deadline = setTimeout(() => this.#exited.resolve(), END_TIMEOUT_MS);
    }, END_TIMEOUT_MS);
  }

  #take(message: FromExport): void {
    if (this.#isClosed) return;
    if (message.type === 'opened') this.#opening.resolve();
    else if (message.type === 'piece') this.#arrived.push(message.bytes);
    else {
      this.#mustExit();
      if (message.type === 'failed') this.#failure ??= errorOf(message);
      else {
        this.isDamaged = message.isDamaged;
        this.#ended = true;
      }
    }
    this.#wake();
  }

  #ask(): void {
    this.#worker.postMessage('more' satisfies ToExport);
  }
}

function errorOf({ kind, message, paths }: ExportFailure): Error {
  if (kind === 'away') return new AudioAwayError(message);
  if (kind === 'other') return new Error(message);
  return new AudioMissingError(paths, kind === 'missingAll');
}
