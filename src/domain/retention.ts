import type { Erasures } from './erasures.ts';
import type { KeepingStore } from './keeping-store.ts';
import { RecordingRefusedError } from './kept-recordings.ts';
import type { Clock } from './ports.ts';
import type { UccRegistry } from './ucc-registry.ts';

export interface RetentionPorts {
  readonly uccs: UccRegistry;
  readonly keeping: Pick<KeepingStore, 'expired'>;
  readonly erasures: Erasures;
  readonly clock: Clock;
  readonly intervalMs: number;
  onError(cause: unknown): void;
}

const DAY_MS = 86_400_000;
const BATCH = 64;
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
    await this.#running;
  }

  async #clean(): Promise<void> {
    const { uccs, erasures } = this.#ports;
    await erasures.resume();
    for (const { name, retentionDays, retentionSparesMarked: spareMarked } of uccs.list()) {
      if (retentionDays > 0) await this.#cleanUcc(name, retentionDays, spareMarked);
    }
  }

  async #cleanUcc(uccName: string, retentionDays: number, spareMarked: boolean): Promise<void> {
    const { clock, keeping } = this.#ports;
    const before = clock.now() - retentionDays * DAY_MS;
    const limit = BATCH;
    const tried = new Set<string>();
    while (!this.#closed) {
      const expired = await keeping.expired({ uccName, before, spareMarked, limit });
      const due = expired.map(({ id }) => id).filter((id) => !tried.has(id));
      if (due.length === 0) return;
      for (const id of due) tried.add(id);
      await this.#destroy(due);
    }
  }

  async #destroy(due: string[]): Promise<void> {
    const next = async (): Promise<void> => {
      for (let callId = due.pop(); callId !== undefined; callId = due.pop()) {
        if (this.#closed) return;
        const asked = { callId, interval: null, reason: 'retention', requestedBy: 'retention' };
        await this.#ports.erasures.erase(asked).catch((cause: unknown) => {
          // Held, or destroyed by somebody else, in the meantime.
          if (!(cause instanceof RecordingRefusedError)) throw cause;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }
}
