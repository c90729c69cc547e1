import { NotTakenError, type OutputFile } from './output-file.ts';

export interface LineOutputListener {
  /** Lines are being dropped, or will be soon: the file takes nothing. */
  onFailing(why: string): void;
  /** All that had waited is written. */
  onRecovered(droppedLines: number): void;
  onDropped(): void;
}

const DEFAULT_MAX_BUFFER_BYTES = 1_048_576;
const MAX_WRITE_BYTES = 65_536;
/** A pipe or terminal that is full is tried again this often, a file that failed this often. */
const FULL_RETRY_MS = 50;
const FAILED_RETRY_MS = 1_000;
/** Without a dropped line for so long, what went wrong is over. */
const CALM_MS = 1_000;

/**
 * Lines for a file that may refuse them, such as a log on a full disk or in a pipe that nobody
 * reads. Whoever writes is never kept waiting: what the file does not take waits in memory, and
 * what does not fit there is dropped and counted.
 */
export class LineOutput {
  readonly #file: OutputFile;
  readonly #waiting: Buffer[] = [];
  #listener: LineOutputListener | undefined;
  #maxBufferBytes = DEFAULT_MAX_BUFFER_BYTES;
  #waitingBytes = 0;
  #isWriting = false;
  #retry: NodeJS.Timeout | undefined;
  #calm: NodeJS.Timeout | undefined;
  #isFailing = false;
  #dropped = 0;
  #droppedAt = Number.NEGATIVE_INFINITY;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  listen(listener: LineOutputListener | undefined, maxBufferBytes = this.#maxBufferBytes): void {
    this.#listener = listener;
    this.#maxBufferBytes = maxBufferBytes;
  }

  /** @param line with its line end */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > this.#maxBufferBytes) {
      this.#drop();
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  /** Writes what can be written within this turn, for a process that ends. */
  flushSync(): void {
    // A write that is under way completes by itself.
    const rest = Buffer.concat(this.#waiting.splice(this.#isWriting ? 1 : 0));
    this.#waitingBytes -= rest.length;
    try {
      if (rest.length > 0) this.#file.writeNow(rest);
    } catch {
      // Nobody is left to hear of it.
    }
  }

  #flush(): void {
    while (!this.#isWriting && !this.#retry && this.#waiting.length > 0) {
      const bytes = this.#gathered();
      try {
        const taken = this.#file.write(bytes);
        if (typeof taken === 'number') this.#took(taken);
        else this.#await(taken);
      } catch (cause) {
        this.#refused(cause);
      }
    }
    if (this.#waiting.length === 0) this.#recover();
  }

  #await(taken: Promise<number>): void {
    this.#isWriting = true;
    taken
      .then(
        (bytes) => this.#took(bytes),
        (cause: unknown) => this.#refused(cause),
      )
      .finally(() => {
        this.#isWriting = false;
        this.#flush();
      });
  }

  /** The lines that come next, as one; they stay the first of those that wait. */
  #gathered(): Buffer {
    let [count, bytes] = [0, 0];
    for (const line of this.#waiting) {
      if (count > 0 && bytes + line.length > MAX_WRITE_BYTES) break;
      [count, bytes] = [count + 1, bytes + line.length];
    }
    const gathered = Buffer.concat(this.#waiting.splice(0, count));
    this.#waiting.unshift(gathered);
    return gathered;
  }

  #took(bytes: number): void {
    const rest = this.#waiting.shift()?.subarray(bytes);
    this.#waitingBytes -= bytes;
    if (rest && rest.length > 0) this.#waiting.unshift(rest);
  }

  #refused(cause: unknown): void {
    const isFull = cause instanceof NotTakenError;
    if (!isFull) this.#fail(cause instanceof Error ? cause.message : 'unknown failure');
    this.#retryIn(isFull ? FULL_RETRY_MS : FAILED_RETRY_MS);
  }

  #retryIn(ms: number): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, ms).unref();
  }

  #drop(): void {
    this.#dropped += 1;
    this.#droppedAt = performance.now();
    this.#listener?.onDropped();
    this.#fail('it is not read, or not as fast as it is written');
  }

  #fail(why: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#listener?.onFailing(why);
  }

  #recover(): void {
    if (!this.#isFailing || this.#isWriting) return;
    if (performance.now() - this.#droppedAt < CALM_MS) {
      this.#calm ??= setTimeout(() => {
        this.#calm = undefined;
        this.#flush();
      }, CALM_MS).unref();
      return;
    }
    const dropped = this.#dropped;
    this.#isFailing = false;
    this.#dropped = 0;
    this.#listener?.onRecovered(dropped);
  }
}
