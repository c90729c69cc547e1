import { ftruncate, open, writeSync } from 'node:fs';
import { SyncQueue } from './sync-queue.ts';

/** File mode of audio: access for the owner only. */
const AUDIO_MODE = 0o600;

const finished = new SyncQueue();

export interface AppendFileOptions {
  readonly path: string;
  /** A longer backlog for the disk is a failure, not a queue. */
  readonly maxUnwrittenBytes: number;
  onFailed(code: string): void;
}

/**
 * A file that only grows, in the order of `append`. Writes go to the page cache from this thread:
 * handing each one to another thread costs as much as eight packets (docs/decisions/0004). Opening
 * and syncing, which may wait for the disk, do not hold up the thread. After the first failure the
 * file is cut back to its last whole record and accepts nothing more.
 */
export class AppendFile {
  readonly #options: AppendFileOptions;
  #descriptor: number | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #written = 0;
  #busy = true;
  #failed = false;
  #onClosed: (() => void) | undefined;

  constructor(options: AppendFileOptions) {
    this.#options = options;
    open(options.path, 'ax', AUDIO_MODE, (error, descriptor) => {
      this.#busy = false;
      if (error) this.#fail(error.code);
      else this.#descriptor = descriptor;
      this.#next();
    });
  }

  /** True when some appended data is missing from the file. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** Appends the record, which belongs to the caller again on return. */
  append(record: Buffer): void {
    if (this.#failed) return;
    if (this.#descriptor !== undefined && !this.#busy) {
      this.#write(this.#descriptor, record);
      return;
    }
    this.#waiting.push(Buffer.from(record));
    this.#waitingBytes += record.length;
    if (this.#waitingBytes > this.#options.maxUnwrittenBytes) this.#fail('ETIMEDOUT');
  }

  /** Calls back once all appended data is written, or has failed; syncing follows. */
  close(onClosed: () => void): void {
    this.#onClosed = onClosed;
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    if (this.#waiting.length > 0 && this.#descriptor !== undefined) {
      const data = Buffer.concat(this.#waiting);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#write(this.#descriptor, data);
    }
    if (this.#onClosed && !this.#busy) this.#close(this.#onClosed);
  }

  #write(descriptor: number, data: Buffer): void {
    let written = 0;
    let code = 'ENOSPC';
    try {
      written = writeSync(descriptor, data, 0, data.length, this.#written);
    } catch (cause) {
      code = (cause as NodeJS.ErrnoException).code ?? code;
    }
    if (written === data.length) this.#written += written;
    else this.#cutBack(descriptor, code);
  }

  /** Cuts off the partial record that a failed write left behind. */
  #cutBack(descriptor: number, code: string): void {
    this.#busy = true;
    this.#fail(code);
    ftruncate(descriptor, this.#written, () => {
      this.#busy = false;
      this.#next();
    });
  }

  #close(onClosed: () => void): void {
    const descriptor = this.#descriptor;
    this.#onClosed = undefined;
    this.#descriptor = undefined;
    if (descriptor === undefined) {
      onClosed();
      return;
    }
    finished.add({
      path: this.#options.path,
      descriptor,
      onFailed: (code) => this.#fail(code),
    });
    onClosed();
  }

  #fail(code = 'EIO'): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#waiting = [];
    this.#options.onFailed(code);
  }
}
