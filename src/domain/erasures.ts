import type { AccessRecord } from './access-trail.ts';
import type { ErasableArchive } from './archive-port.ts';
import type { Call } from './call.ts';
import type { ErasureRecord } from './erasure.ts';
import { gapSummary, type Span } from './gap-map.ts';
import type { Journal } from './journal.ts';
import type { KeepingStore } from './keeping-store.ts';
import { type KeptRecordings, RecordingRefusedError } from './kept-recordings.ts';
import type { AlarmSink, Clock, Store } from './ports.ts';
import type { CallRecord, GapRecord } from './records.ts';
import { RisingUuids } from './uuid.ts';

export interface ErasuresPorts {
  readonly kept: KeptRecordings;
  readonly store: Pick<Store, 'commit' | 'gaps'>;
  readonly keeping: KeepingStore;
  readonly archive: ErasableArchive;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
}

export interface ErasureRequest {
  readonly callId: string;
  /** ms from the beginning of the recording; null: all of it. */
  readonly interval: Span | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly access?: AccessRecord;
}

/**
 * Destroys recordings, and parts of them. What is asked for is durable first; then one commit
 * destroys the keys, which is the moment at which the audio is gone; then bytes go from disk and
 * bucket. A crash before that commit leaves the recording as it was, and the erasure is carried out
 * at the next start; after it only bytes that nobody can read are left, and go then
 * (docs/decisions/0015-erasure.md).
 */
export class Erasures {
  readonly #ports: ErasuresPorts;
  readonly #ids = new RisingUuids();

  constructor(ports: ErasuresPorts) {
    this.#ports = ports;
  }

  /**
   * Resolves with the receipt; where its state is not `done`, an alarm says why, and it is gone on
   * with later.
   * @throws RecordingRefusedError, and nothing has changed
   */
  erase({ callId, interval, access, ...asked }: ErasureRequest): Promise<ErasureRecord> {
    return this.#ports.kept.run(callId, async (call) => {
      const { record } = call;
      if (isInProgress(record)) throw new RecordingRefusedError('inProgress');
      if (record.status !== 'kept') throw new RecordingRefusedError('notKept');
      if (record.legalHold) throw new RecordingRefusedError('onLegalHold');
      if (interval && !liesWithin(interval, record.lengthMs ?? 0)) {
        throw new RecordingRefusedError('outside');
      }
      const requestedAt = this.#ports.clock.now();
      const { correlationId, uccName } = record;
      const erasure: ErasureRecord = {
        ...{ id: this.#ids.next(requestedAt), callId, correlationId, uccName, interval },
        ...{ ...asked, requestedAt, state: 'begun' },
        ...{ destroyed: [], keysDestroyedAt: null, doneAt: null },
      };
      await this.#ports.store.commit({
        erasures: [erasure],
        ...(access ? { access: [access] } : {}),
      });
      return this.#carryOut(call, erasure);
    });
  }

  /** Goes on with what was begun and is not done: after a crash, or a store that was away. */
  async resume(shallStop: () => boolean = () => false): Promise<void> {
    const unfinished = await this.#ports.keeping.erasures({ unfinished: true });
    for (const erasure of unfinished.reverse()) {
      if (shallStop()) return;
      await this.#ports.kept
        .run(erasure.callId, (call) => this.#carryOut(call, erasure))
        .catch((cause: unknown) => this.#alarm(erasure, cause));
    }
  }

  /** Never rejects: how far it came is what it resolves with. */
  async #carryOut(call: Call, begun: ErasureRecord): Promise<ErasureRecord> {
    let erasure = begun;
    try {
      if (erasure.state === 'begun') erasure = await this.#destroyKeys(call, erasure);
      if (erasure.state === 'keysDestroyed') erasure = await this.#destroyBytes(erasure);
    } catch (cause) {
      this.#alarm(erasure, cause);
    }
    return erasure;
  }

  async #destroyKeys(call: Call, erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, clock } = this.#ports;
    const { callId, interval } = erasure;
    // What an attempt before this one left behind.
    if (interval) await archive.sweep(callId);
    const gone = { state: 'keysDestroyed', keysDestroyedAt: clock.now() } as const;
    const destroyed = interval
      ? await this.#destroyInterval(call, { ...erasure, ...gone }, interval)
      : await this.#destroyAll(call, { ...erasure, ...gone });
    await archive.interrupt(callId);
    return destroyed;
  }

  async #destroyInterval(
    call: Call,
    erasure: ErasureRecord,
    interval: Span,
  ): Promise<ErasureRecord> {
    const { archive, journal, store } = this.#ports;
    const { segments, destroyed, finished } = await archive.reseal(call.id, interval);
    const record = call.next({ gaps: gapSummary(finished.gaps, finished.tracks) });
    const gaps = [...finished.gaps, ...withoutLength(await store.gaps(call.id), finished.gaps)];
    const done = { ...erasure, destroyed };
    const derived = await this.#destroyedDerived(call.id);
    await journal.record(call, {
      ...{ type: 'recordingErased', record },
      extra: { segments, gaps, derived, erasures: [done] },
    });
    return done;
  }

  async #destroyAll(call: Call, erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, journal } = this.#ports;
    const { segments, destroyed } = await archive.destroyable(call.id);
    const done = { ...erasure, destroyed };
    const derived = await this.#destroyedDerived(call.id);
    await journal.record(call, {
      ...{ type: 'recordingDestroyed', record: call.next({ status: 'destroyed' }) },
      extra: {
        segments: segments.map((segment) => ({ ...segment, wrappedKey: null })),
        ...{ derived, erasures: [done] },
      },
    });
    return done;
  }

  async #destroyedDerived(callId: string) {
    const derived = await this.#ports.keeping.derived(callId);
    return derived.map((record) => ({ ...record, wrappedKey: null }));
  }

  async #destroyBytes(erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, clock, keeping, store } = this.#ports;
    // Also where the answer to the commit before was lost.
    await archive.interrupt(erasure.callId);
    await keeping.forgetKeys();
    await archive.sweep(erasure.callId);
    const done: ErasureRecord = { ...erasure, state: 'done', doneAt: clock.now() };
    await store.commit({ erasures: [done] });
    return done;
  }

  #alarm({ callId, correlationId, uccName, state }: ErasureRecord, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : 'unknown failure';
    const detail = `${state}; it is tried again: ${why}`;
    this.#ports.alarms.raise({ kind: 'erasureFailed', callId, correlationId, uccName, detail });
  }
}

function isInProgress({ status }: CallRecord): boolean {
  return status === 'live' || status === 'finishing';
}

function liesWithin({ start, end }: Span, lengthMs: number): boolean {
  return start >= 0 && start < end && end <= lengthMs;
}

/** Rows are replaced, never deleted: a gap that became part of another has no length any more. */
function withoutLength(before: readonly GapRecord[], after: readonly GapRecord[]): GapRecord[] {
  const kept = new Set(after.map(({ track, start }) => `${track}/${start}`));
  return before
    .filter(({ track, start }) => !kept.has(`${track}/${start}`))
    .map((gap) => ({ ...gap, length: 0 }));
}
