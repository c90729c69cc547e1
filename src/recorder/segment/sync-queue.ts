import { close, fdatasync } from 'node:fs';

interface FinishedFile {
  readonly descriptor: number;
  onFailed(code: string | undefined): void;
}

/**
 * Syncs finished files to the disk one after the other and then closes them. All at once, as when
 * many calls pause at the same moment, they would delay the commits that answer those very
 * commands.
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
    fdatasync(file.descriptor, (error) => {
      if (error) file.onFailed(error.code);
      close(file.descriptor, () => this.#next());
    });
  }
}
