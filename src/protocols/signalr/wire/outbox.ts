import { Batch } from './batch.ts';
import type { Wire } from './wire.ts';

/** A larger batch does not wait for the end of the tick. */
const MAX_BATCH_BYTES = 64 * 1024;

/** Flushes all outboxes of a server once per event-loop tick, after its input was handled. */
export class FlushSchedule {
  readonly coalesce: boolean;
  #root = new Batch();
  #due: Outbox[] = [];
  #lastRecord: Buffer | undefined;
  #lastSingle = new Batch();

  constructor(coalesce: boolean) {
    this.coalesce = coalesce;
  }

  /** Root of this tick's batches. */
  get root(): Batch {
    return this.#root;
  }

  /** Returns a batch of one record, shared by consecutive clients that are sent the same one. */
  single(record: Buffer): Batch {
    if (record !== this.#lastRecord) {
      this.#lastRecord = record;
      this.#lastSingle = new Batch().with(record);
    }
    return this.#lastSingle;
  }

  add(outbox: Outbox): void {
    if (this.#due.length === 0) setImmediate(() => this.#flush());
    this.#due.push(outbox);
  }

  #flush(): void {
    const due = this.#due;
    this.#due = [];
    for (const outbox of due) outbox.flush();
    this.#root = new Batch();
  }
}

/** Records on their way to one client. Without a wire they are dropped: replay brings them back. */
export class Outbox {
  wire: Wire | undefined;
  readonly #schedule: FlushSchedule;
  readonly #onWritten: () => void;
  #batch: Batch | undefined;

  constructor(schedule: FlushSchedule, onWritten: () => void) {
    this.#schedule = schedule;
    this.#onWritten = onWritten;
  }

  get pendingBytes(): number {
    return (this.#batch?.byteLength ?? 0) + (this.wire?.pendingBytes ?? 0);
  }

  add(record: Buffer): void {
    if (this.wire === undefined) return;
    if (!this.#schedule.coalesce) {
      this.#batch = this.#schedule.single(record);
      this.flush();
      return;
    }
    if (this.#batch === undefined) this.#schedule.add(this);
    this.#batch = (this.#batch ?? this.#schedule.root).with(record);
    if (this.#batch.byteLength > MAX_BATCH_BYTES) this.flush();
  }

  flush(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch === undefined || this.wire === undefined) return;
    this.wire.write(batch);
    this.#onWritten();
  }

  clear(): void {
    this.#batch = undefined;
  }
}
