export interface FloodFoldOptions {
  /** Limit within a window for one source and kind. */
  readonly listedPerSource: number;
  /** Limit within a window for all together. */
  readonly listedInAll: number;
  readonly windowMs: number;
  /** Called at the end of a window with the numbers that were not listed, by kind. */
  onFolded(counts: ReadonlyMap<string, number>): void;
}

/**
 * Decides which of many similar occurrences are listed one by one, and counts the others for each
 * window. Strangers can cause them at will: it remembers no more sources than it lists.
 */
export class FloodFold {
  readonly #options: FloodFoldOptions;
  readonly #listed = new Map<string, number>();
  readonly #folded = new Map<string, number>();
  #listedInAll = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(options: FloodFoldOptions) {
    this.#options = options;
  }

  /** Returns true for an occurrence to list; others are counted. */
  lists(source: string, kind: string): boolean {
    const { listedPerSource, listedInAll, windowMs } = this.#options;
    this.#window ??= setTimeout(() => this.endWindow(), windowMs).unref();
    const key = `${source}\n${kind}`;
    const count = this.#listed.get(key) ?? 0;
    if (count < listedPerSource && this.#listedInAll < listedInAll) {
      this.#listed.set(key, count + 1);
      this.#listedInAll += 1;
      return true;
    }
    this.#folded.set(kind, (this.#folded.get(kind) ?? 0) + 1);
    return false;
  }

  /** Reports what was counted. May be called twice. */
  endWindow(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    const counts = new Map(this.#folded);
    this.#folded.clear();
    this.#listed.clear();
    this.#listedInAll = 0;
    if (counts.size > 0) this.#options.onFolded(counts);
  }
}
