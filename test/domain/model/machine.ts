import type { Moment } from '../../../src/domain/common/moment.ts';
import type { Archive, ErasableArchive } from '../../../src/domain/ports/archive.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { SimulatedStore } from './simulated-store.ts';

/** What outlives a process: the disk, the clocks, and what clients remember. */
export class Machine {
  readonly store = new SimulatedStore();
  /** By holder of a lease: the id of the call in which it was taken. */
  readonly takenIn = new Map<string, string>();
  /** Whether the first UCC records. */
  records = true;
  /** The archive, or the assessment, fails so often from now on. */
  failures = 0;
  /** No verdict can be had. */
  verdictFails = false;
  /** Keys are destroyed, and then something fails. */
  destroyFailsHalfway = false;
  #wallMs = 1_790_000_000_000;
  #monotonicMs = 5_000_000;
  #boot = 1;

  now(): number {
    return this.#wallMs;
  }

  moment(): Moment {
    return { bootId: `boot ${this.#boot}`, monotonicMs: this.#monotonicMs };
  }

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  stepWallClock(ms: number): void {
    this.#wallMs += ms;
  }

  /** Down for a moment; the monotonic clock begins anew. */
  reboot(): void {
    this.#boot += 1;
    this.#monotonicMs = 1_000;
  }

  mayFail(): void {
    if (this.failures === 0) return;
    this.failures -= 1;
    throw new Error('told to fail');
  }

  /** @param store of the process that asks: once it has ended nothing is done for it */
  archive(store: Store): Archive & Pick<ErasableArchive, 'interrupt'> {
    return {
      finish: async (callId) => {
        this.mayFail();
        await store.call(callId);
        if (this.store.destroyed.has(callId)) throw new Error('its keys are destroyed');
        return { lengthMs: 0, gaps: [], tracks: [] };
      },
      destroy: async (callId) => {
        this.mayFail();
        await store.call(callId);
        this.store.destroyed.add(callId);
        if (this.destroyFailsHalfway) throw new Error('told to fail');
        this.mayFail();
      },
      interrupt: async () => undefined,
    };
  }
}
