import type { Call } from '../call/call.ts';
import type { Journal } from '../call/journal.ts';
import type { Span } from '../common/span.ts';
import type { ErasureRecord, ErasureState } from '../model/erasure.ts';
import type { ErasableArchive } from '../ports/archive.ts';
import type { RetentionStore } from '../ports/retention-store.ts';
import type { Store } from '../ports/store.ts';
import { gapSummary, replacedGaps } from './gap-map.ts';

export interface KeyRemovalPorts {
  readonly store: Pick<Store, 'commit' | 'gaps' | 'tracks'>;
  readonly keeping: RetentionStore;
  readonly archive: ErasableArchive;
  readonly journal: Journal;
}

/** Progress of the removal, and the obstacle to the rest. */
interface KeysRemoved {
  readonly erasure: ErasureRecord;
  readonly failure?: unknown;
}

/** The commit of an erasure that destroys keys: the moment at which the audio is gone. */
export class KeyRemoval {
  readonly #ports: KeyRemovalPorts;

  constructor(ports: KeyRemovalPorts) {
    this.#ports = ports;
  }

  /** Removes keys, after the remains of earlier attempts. Repeatable. */
  async remove(call: Call, erasure: ErasureRecord): Promise<KeysRemoved> {
    const { archive, keeping } = this.#ports;
    const { callId, interval } = erasure;
    const isGone = call.record.status === 'destroyed';
    if (interval) await archive.sweepDisk(callId);
    const removed =
      interval && !isGone
        ? await this.#destroyInterval(call, erasure, interval)
        : { erasure: await this.#destroyAll(call, erasure) };
    await archive.interrupt(callId);
    if (removed.failure !== undefined) {
      // Finished tracks do not wait for the others.
      const toForget = removed.erasure.destroyed.length > erasure.destroyed.length;
      await Promise.allSettled(
        toForget ? [archive.sweepDisk(callId), keeping.forgetKeys(callId)] : [],
      );
    }
    return removed;
  }

  /**
   * Destroys the part of the interval that can be read now; its other tracks are left for later.
   */
  async #destroyInterval(call: Call, erasure: ErasureRecord, interval: Span): Promise<KeysRemoved> {
    const { archive, journal, store } = this.#ports;
    const { segments, destroyed, failure, ...found } = await archive.reseal(call.id, interval);
    const isDone = failure === undefined;
    if (!isDone && segments.length === 0) return { erasure, failure };
    const before = await store.gaps(call.id);
    const others = before.filter(({ track }) => !found.tracks.includes(track));
    const gaps = [...others, ...found.gaps];
    const record = call.erased(gapSummary(gaps, await store.tracks(call.id)));
    const next: ErasureRecord = {
      ...erasure,
      state: isDone ? 'keysRemoved' : 'begun',
      destroyed: [...erasure.destroyed, ...destroyed],
    };
    await journal.record(call, {
      type: 'recordingErased',
      record,
      extra: {
        segments,
        gaps: replacedGaps(before, gaps),
        derived: await this.#destroyedDerived(call.id),
        erasures: [next],
      },
    });
    return { erasure: next, failure };
  }

  /** Completes, with it, all earlier erasures of the recording. */
  async #destroyAll(call: Call, erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, journal, keeping, store } = this.#ports;
    const { segments, destroyed } = await archive.destroyable(call.id);
    const removed = (one: ErasureRecord): ErasureRecord => ({
      ...one,
      state: 'keysRemoved',
      destroyed: [...one.destroyed, ...destroyed],
    });
    const begun = await sameStep(keeping, erasure, 'begun');
    const extra = {
      segments: segments.map((segment) => ({ ...segment, wrappedKey: null })),
      derived: await this.#destroyedDerived(call.id),
      erasures: [erasure, ...begun].map(removed),
    };
    if (call.record.status === 'destroyed') await store.commit(extra);
    else {
      const record = call.destroyed();
      await journal.record(call, { type: 'recordingDestroyed', record, extra });
    }
    return removed(erasure);
  }

  async #destroyedDerived(callId: string) {
    const derived = await this.#ports.keeping.derived(callId);
    return derived.map((record) => ({ ...record, wrappedKey: null }));
  }
}

/** Returns other erasures of the recording at that step: destruction for one is for all of them. */
export async function sameStep(
  keeping: RetentionStore,
  { id, callId }: ErasureRecord,
  state: ErasureState,
): Promise<ErasureRecord[]> {
  const unfinished = await keeping.erasures({ callId, unfinished: true });
  return unfinished.filter((other) => other.id !== id && other.state === state);
}
