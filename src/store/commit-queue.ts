import { OutcomeUnknownError, StoreUnavailableError } from '../domain/model/errors.ts';
import type { Change } from '../domain/ports/store.ts';
import { type RowOf, rowsOf } from './rows/mapping.ts';

/** At most this many changes share one transaction. */
export const MAX_GROUP = 1024;

/**
 * This many changes are sent before the turn ends: the database commits them while the turn's other
 * commands are read.
 */
const EARLY_GROUP = 16;

/** A change that may wait for others waits no longer than this for one that may not. */
const LINGER_MS = 50;

interface Waiting {
  readonly rows: RowOf[];
  resolve(): void;
  reject(cause: unknown): void;
}

/**
 * Groups commits: the changes of one event-loop turn, and those that arrive during the previous
 * commit, share one transaction and one fsync. Promises resolve in the order of `add`. When a group
 * fails because of its rows, each change is retried alone, so that one bad change fails no other.
 */
export class CommitQueue {
  readonly #write: (rows: readonly RowOf[]) => Promise<void>;
  #waiting: Waiting[] = [];
  /** `due`: a group leaves when this turn ends; `running`: a group is being committed. */
  #state: 'idle' | 'due' | 'running' = 'idle';
  #lingering: NodeJS.Timeout | undefined;

  constructor(write: (rows: readonly RowOf[]) => Promise<void>) {
    this.#write = write;
  }

  add(change: Change): Promise<void> {
    return this.addRows(rowsOf(change), change.mayWait);
  }

  /** @param mayWait rides with the next change that may not, so that no command waits for it */
  addRows(rows: RowOf[], mayWait = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      if (this.#state === 'idle' && mayWait) {
        this.#lingering ??= setTimeout(() => this.#leave(), LINGER_MS);
      } else if (this.#state === 'idle') {
        this.#state = 'due';
        setImmediate(() => void this.#run());
      } else if (this.#state === 'due' && this.#waiting.length >= EARLY_GROUP) {
        void this.#run();
      }
    });
  }

  /** Resolves when every change added so far has been answered. */
  async drained(): Promise<void> {
    this.#leave();
    while (this.#state !== 'idle') await new Promise((resolve) => setImmediate(resolve));
  }

  /** Commits what waited for others to come. */
  #leave(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (this.#state !== 'idle' || this.#waiting.length === 0) return;
    this.#state = 'due';
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#state !== 'due') return;
    this.#state = 'running';
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP);
      try {
        await this.#write(latestRows(group));
        for (const waiting of group) waiting.resolve();
      } catch (cause) {
        await this.#eachAlone(group, cause);
      }
    }
    this.#state = 'idle';
  }

  async #eachAlone(group: readonly Waiting[], cause: unknown): Promise<void> {
    if (group.length === 1 || !isOfRows(cause)) {
      for (const { reject } of group) reject(cause);
    } else {
      for (const waiting of group) {
        await this.#write(waiting.rows).then(waiting.resolve, waiting.reject);
      }
    }
  }
}

/**
 * True when rows caused the failure: a store that cannot be reached need not be asked per change.
 */
function isOfRows(cause: unknown): boolean {
  return !(cause instanceof StoreUnavailableError || cause instanceof OutcomeUnknownError);
}

/** Drops a call's row that a later change of the same group replaces. */
function latestRows(group: readonly Waiting[]): RowOf[] {
  const calls = new Map<string, RowOf>();
  const others: RowOf[] = [];
  for (const { rows } of group) {
    for (const row of rows) {
      if (row.table === 'calls') calls.set(row.row.id, row);
      else others.push(row);
    }
  }
  return [...calls.values(), ...others];
}
