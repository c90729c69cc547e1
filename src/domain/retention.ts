import type { AuditRecord } from './audit-log.ts';
import type { Erasures } from './erasures.ts';
import type { KeepingStore } from './keeping-store.ts';
import { RecordingRefusedError } from './kept-recordings.ts';
import type { Clock } from './ports.ts';
import { MarkingState } from './recording-state.ts';
import type { CallRecord } from './records.ts';
import type { UccRegistry } from './ucc-registry.ts';

export interface RetentionPorts {
  readonly uccs: UccRegistry;
  readonly keeping: Pick<KeepingStore, 'expired'>;
  readonly erasures: Erasures;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The row of what is destroyed, for the commit that says so. */
  audit(record: CallRecord): AuditRecord;
  onError(cause: unknown): void;
}

const DAY_MS = 86_400_000;
const BATCH = 64;
/** What could not be finished is tried again after this, twice as long each time. */
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Destroyed at once: what each waits for is the disk, or the bucket. */
const AT_ONCE = 8;

/**
 * Destroys recordings that are older than their UCC keeps them, and goes on with erasures that
 * were interrupted: at start, and from then on at an interval.
 */
export class Retention {
  readonly #ports: RetentionPorts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer = setInterval(() => void this.clean(), this.#ports.intervalMs).unref();
    void this.clean();
  }

  /** Resolves when nothing is left to do, or it failed. */
  clean(): Promise<void> {
    this.#running ??= this.#clean()
      .catch(this.#ports.onError)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** What is begun is finished. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    await this.#running;
  }

  /** An erasure could not be finished: what keeps it from that is mostly over within seconds. */
  retrySoon(): void {
    if (this.#closed || this.#retry) return;
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#retry = setTimeout(() => void this.#resume().catch(this.#ports.onError), waitMs).unref();
  }

  async #resume(): Promise<void> {
    this.#failures += 1;
    this.#retry = undefined;
    const left = await this.#ports.erasures.resume(() => this.#closed);
    if (left > 0) this.retrySoon();
    else this.#failures = 0;
  }

  async #clean(): Promise<void> {
    const { uccs, erasures } = this.#ports;
    await erasures.resume(() => this.#closed);
    for (const { name } of uccs.list()) await this.#cleanUcc(name);
  }

  async #cleanUcc(uccName: string): Promise<void> {
    const tried = new Set<string>();
    while (!this.#closed) {
      const terms = this.#terms(uccName);
      if (!terms) return;
      const expired = await this.#ports.keeping.expired({ uccName, ...terms, limit: BATCH });
      const due = expired.filter(({ id }) => !tried.has(id));
      if (due.length === 0) return;
      for (const { id } of due) tried.add(id);
      await this.#destroy(due);
    }
  }

  /** As the UCC has them now; undefined where it keeps recordings for ever. */
  #terms(uccName: string): { before: number; spareMarked: boolean } | undefined {
    const { uccs, clock } = this.#ports;
    const ucc = uccs.get(uccName);
    if (!ucc || ucc.retentionDays === 0) return undefined;
    const before = clock.now() - ucc.retentionDays * DAY_MS;
    return { before, spareMarked: ucc.retentionSparesMarked };
  }

  async #destroy(due: CallRecord[]): Promise<void> {
    const next = async (): Promise<void> => {
      for (let record = due.pop(); record !== undefined; record = due.pop()) {
        // Whoever corrects a setting saves what it has not reached yet.
        if (this.#closed || !this.#isStillDue(record)) return;
        const asked = { interval: null, reason: 'retention', requestedBy: 'retention' };
        await this.#ports.erasures
          .erase({ ...asked, callId: record.id, audit: this.#ports.audit(record) })
          .catch((cause: unknown) => {
            // Held, or destroyed by somebody else, in the meantime.
            if (!(cause instanceof RecordingRefusedError)) throw cause;
          });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** By any of the UCCs that took part: the one that keeps it the shortest counts. */
  #isStillDue({ dialogue, beganAt, markingState }: CallRecord): boolean {
    return dialogue.uccs.some((name) => {
      const terms = this.#terms(name);
      if (!terms || beganAt >= terms.before) return false;
      return !(terms.spareMarked && markingState === MarkingState.Mark);
    });
  }
}
