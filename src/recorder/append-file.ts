import { close, fdatasync, ftruncate, open, write } from 'node:fs';

/** File mode of audio: nobody but the owner. */
const AUDIO_MODE = 0o600;

export interface AppendFileOptions {
  readonly path: string;
  /** More than this waiting for the disk is a failure, not a queue. */
  readonly maxUnwrittenBytes: number;
  onFailed(code: string): void;
}

/**
 * A file that only grows, written off the event loop in the order of `append`. After the first failure the
 * file is cut back to its last whole record and takes nothing more.
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

  append(record: Buffer): void {
    if (this.#failed) return;
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
    if (this.#waitingBytes > this.#options.maxUnwrittenBytes) this.#fail('ETIMEDOUT');
    this.#next();
  }

  /** Calls back once all that was appended is on the disk, or has failed, and the file is closed. */
  close(onClosed: () => void): void {
    this.#onClosed = onClosed;
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    if (this.#waiting.length > 0 && this.#descriptor !== undefined) this.#write(this.#descriptor);
    else if (this.#onClosed) this.#close(this.#onClosed);
  }

  #write(descriptor: number): void {
    const [first] = this.#waiting;
    const data = this.#waiting.length === 1 && first ? first : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#busy = true;
    write(descriptor, data, 0, data.length, this.#written, (error, bytes) => {
      if (error || bytes < data.length) {
        this.#fail(error?.code ?? 'ENOSPC');
        ftruncate(descriptor, this.#written, () => this.#proceed());
        return;
      }
      this.#written += bytes;
      this.#proceed();
    });
  }

  #proceed(): void {
    this.#busy = false;
    this.#next();
  }

  #close(onClosed: () => void): void {
    const descriptor = this.#descriptor;
    this.#onClosed = undefined;
    this.#descriptor = undefined;
    if (descriptor === undefined) {
      onClosed();
      return;
    }
    fdatasync(descriptor, (error) => {
      if (error) this.#fail(error.code);
      close(descriptor, () => onClosed());
    });
  }

  #fail(code = 'EIO'): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#waiting = [];
    this.#options.onFailed(code);
  }
}
