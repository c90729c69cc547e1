export interface FloodFoldOptions {
  /** Of the same source and kind within a window. */
  readonly listedPerSource: number;
  /** Of all together within a window. */
  readonly listedInAll: number;
  readonly windowMs: number;
  /** At the end of a window: what was not listed in it, by kind. */
  onFolded(counts: ReadonlyMap<string, number>): void;
}

/**
 * Says which of what strangers can cause at will is told of singly, and counts the rest: a window's
 * are told of together. It remembers no more sources than it lists.
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

  /** True: it is to be told of, now; else it has been counted. */
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

  /** Tells of what was counted. May be called twice. */
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
