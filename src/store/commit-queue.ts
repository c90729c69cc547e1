import { OutcomeUnknownError, StoreUnavailableError } from '../domain/model/errors.ts';
import type { Change } from '../domain/ports/store.ts';
import { type RowOf, rowsOf } from './rows/mapping.ts';

/** At most this many changes share one transaction. */
export const MAX_GROUP = 1024;

/**
 * This many changes are sent off before the turn ends: while the database commits them, the turn's
 * other commands are read, instead of one waiting for the other.
 */
const EARLY_GROUP = 16;

interface Waiting {
  readonly rows: RowOf[];
  resolve(): void;
  reject(cause: unknown): void;
}

/**
 * Groups commits: the changes of one event-loop turn, and those that came while the commit before
 * was on its way, share one transaction and one fsync. Promises resolve in the order of `add`. When
 * a group fails for what is in it, each of its changes is tried alone, so that one bad change fails
 * nobody else's.
 */
export class CommitQueue {
  readonly #write: (rows: readonly RowOf[]) => Promise<void>;
  #waiting: Waiting[] = [];
  /** `due`: a group leaves when this turn ends; `running`: one is on its way. */
  #state: 'idle' | 'due' | 'running' = 'idle';

  constructor(write: (rows: readonly RowOf[]) => Promise<void>) {
    this.#write = write;
  }

  add(change: Change): Promise<void> {
    return this.addRows(rowsOf(change));
  }

  addRows(rows: RowOf[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      if (this.#state === 'idle') {
        this.#state = 'due';
        setImmediate(() => void this.#run());
      } else if (this.#state === 'due' && this.#waiting.length >= EARLY_GROUP) {
        void this.#run();
      }
    });
  }

  /** Resolves when all that was added has been answered. */
  async drained(): Promise<void> {
    while (this.#state !== 'idle') await new Promise((resolve) => setImmediate(resolve));
  }

  async #run(): Promise<void> {
    if (this.#state !== 'due') return;
    this.#state = 'running';
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

/** Who cannot reach the store is not helped by asking it again for each change. */
function isOfRows(cause: unknown): boolean {
  return !(cause instanceof StoreUnavailableError || cause instanceof OutcomeUnknownError);
}

/** A call's row that a later change of the same group replaces need not be written. */
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
