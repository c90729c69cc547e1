import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROBE_BYTES = 256 * 1024;

/** Probes the disk after a refused write, and reports when it accepts writes again. */
export class DiskWatch {
  readonly #probeFile: string;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: string, intervalMs: number) {
    this.#probeFile = join(dir, '.probe');
    this.#intervalMs = intervalMs;
  }

  get available(): boolean {
    return this.#timer === undefined;
  }

  refused(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => void this.#probe(), this.#intervalMs);
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #probe(): Promise<void> {
    try {
      await writeFile(this.#probeFile, Buffer.alloc(PROBE_BYTES));
      await rm(this.#probeFile);
      this.#timer = undefined;
    } catch {
      await rm(this.#probeFile, { force: true }).catch(() => {});
      this.#timer = undefined;
      this.refused();
    }
  }
}
