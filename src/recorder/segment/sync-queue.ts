import { close, fdatasync } from 'node:fs';

interface FinishedFile {
  readonly descriptor: number;
  onFailed(code: string | undefined): void;
}

/** The files that wait are synced within about so long, however many they are. */
const LAG_MS = 1_000;
/** The disk rests as long as it worked, but no longer than this. */
const MAX_REST_MS = 50;

/**
 * Syncs finished files to the disk one after the other and then closes them, and lets the disk rest
 * between two: all at once, as when many calls pause at the same moment, they would delay the
 * commits that answer those very commands.
 */
export class SyncQueue {
  readonly #files: FinishedFile[] = [];
  #busy = false;

  add(descriptor: number, onFailed: (code: string | undefined) => void): void {
    this.#files.push({ descriptor, onFailed });
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const file = this.#files.shift();
    this.#busy = file !== undefined;
    if (!file) return;
    const begunMs = performance.now();
    fdatasync(file.descriptor, (error) => {
      if (error) file.onFailed(error.code);
      const tookMs = performance.now() - begunMs;
      close(file.descriptor, () => this.#rest(tookMs));
    });
  }

  #rest(tookMs: number): void {
    const restMs = Math.min(tookMs, MAX_REST_MS, LAG_MS / (this.#files.length + 1));
    setTimeout(() => this.#next(), restMs).unref();
  }
}
