import { auditedChange } from '../access/audit-change.ts';
import type { Call } from '../call/call.ts';
import type { Span } from '../common/span.ts';
import { RisingUuids } from '../identifiers/uuid.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { ErasureRecord } from '../model/erasure.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Clock } from '../ports/clock.ts';
import { KeyRemoval, type KeyRemovalPorts, sameStep } from './key-removal.ts';
import { type RecordingLock, RecordingRefusedError } from './recording-lock.ts';

export interface ErasuresPorts extends KeyRemovalPorts {
  readonly kept: RecordingLock;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  /** Called when an erasure is unfinished: `resume` is due soon. */
  onUnfinished?(): void;
}

export interface ErasureRequest {
  readonly callId: string;
  /** ms from the beginning of the recording; null: all of it. */
  readonly interval: Span | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly audit?: AuditRecord;
}

/**
 * Destroys recordings, and parts of them. The request is made durable first; then one commit
 * destroys the keys, which is the moment at which the audio is gone; then bytes are removed from
 * disk and bucket. A crash before that commit leaves the recording as it was, and the erasure is
 * carried out at the next start; after it only unreadable bytes are left, and are removed then
 * (docs/decisions/0015-the-archive.md, 0024-erasing-wins.md).
 */
export class Erasures {
  readonly #ports: ErasuresPorts;
  readonly #keys: KeyRemoval;
  readonly #ids = new RisingUuids();
  readonly #failing = new Set<string>();

  constructor(ports: ErasuresPorts) {
    this.#ports = ports;
    this.#keys = new KeyRemoval(ports);
  }

  /**
   * Resolves with the receipt; where its state is not `done`, an alarm says why, and it is retried
   * later.
   * @throws RecordingRefusedError, and nothing has changed
   */
  erase({ callId, interval, audit, ...asked }: ErasureRequest): Promise<ErasureRecord> {
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
        id: this.#ids.next(requestedAt),
        callId,
        correlationId,
        uccName,
        interval,
        ...asked,
        requestedAt,
        state: 'begun',
        destroyed: [],
        keysDestroyedAt: null,
        doneAt: null,
      };
      await this.#ports.store.commit({
        erasures: [erasure],
        ...(audit ? { audit: [{ ...audit, ...changeOf(interval) }] } : {}),
      });
      return this.#carryOut(call, erasure);
    });
  }

  /**
   * Resumes unfinished erasures: after a crash, or a store outage.
   * @returns how many are still not done
   */
  async resume(shallStop: () => boolean = () => false): Promise<number> {
    const unfinished = await this.#ports.keeping.erasures({ unfinished: true });
    let left = unfinished.length;
    for (const { id, callId } of unfinished.reverse()) {
      if (shallStop()) break;
      const isDone = await this.#ports.kept
        .run(callId, (call) => this.#resumeOne(call, id))
        .catch(() => false);
      if (isDone) left -= 1;
    }
    return left;
  }

  /** Reads its current state: another run may have continued it. */
  async #resumeOne(call: Call, id: string): Promise<boolean> {
    const unfinished = await this.#ports.keeping.erasures({ callId: call.id, unfinished: true });
    const erasure = unfinished.find((one) => one.id === id);
    return !erasure || (await this.#carryOut(call, erasure)).state === 'done';
  }

  /** Carries out the erasure and resolves with the progress made; never rejects. */
  async #carryOut(call: Call, begun: ErasureRecord): Promise<ErasureRecord> {
    let erasure = begun;
    try {
      if (erasure.state === 'begun') {
        const { failure, ...removed } = await this.#keys.remove(call, erasure);
        erasure = removed.erasure;
        if (failure !== undefined) throw failure;
      }
      if (erasure.state === 'keysRemoved') erasure = await this.#destroyKeys(erasure);
      if (erasure.state === 'keysDestroyed') erasure = await this.#destroyBytes(erasure);
      this.#failing.delete(erasure.id);
    } catch (cause) {
      this.#alarm(erasure, cause);
      this.#ports.onUnfinished?.();
    }
    return erasure;
  }

  /** Reports keys as destroyed only after the database's log, and this machine, forgot them. */
  async #destroyKeys(erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, clock, keeping, store } = this.#ports;
    // Needed too when the answer to the previous commit was lost.
    await archive.interrupt(erasure.callId);
    // Files are removed even while a reader of the database prevents emptying its log.
    const [, forgotten] = await Promise.allSettled([
      archive.sweepDisk(erasure.callId),
      keeping.forgetKeys(erasure.callId),
    ]);
    if (forgotten.status === 'rejected') throw forgotten.reason;
    await archive.sweepDisk(erasure.callId);
    const keysDestroyed = { state: 'keysDestroyed', keysDestroyedAt: clock.now() } as const;
    const others = await sameStep(keeping, erasure, erasure.state);
    const erasures = [erasure, ...others].map((one) => ({ ...one, ...keysDestroyed }));
    await store.commit({ erasures });
    return { ...erasure, ...keysDestroyed };
  }

  async #destroyBytes(erasure: ErasureRecord): Promise<ErasureRecord> {
    const { archive, clock, keeping, store } = this.#ports;
    // An earlier release reported this state sooner.
    await keeping.forgetKeys(erasure.callId);
    await archive.sweep(erasure.callId);
    const done = { state: 'done', doneAt: clock.now() } as const;
    const others = await sameStep(keeping, erasure, erasure.state);
    await store.commit({ erasures: [erasure, ...others].map((one) => ({ ...one, ...done })) });
    return { ...erasure, ...done };
  }

  /** Raises the alarm once per erasure, however often it is tried. */
  #alarm({ id, callId, correlationId, uccName, state }: ErasureRecord, cause: unknown): void {
    if (this.#failing.has(id)) return;
    this.#failing.add(id);
    const why = cause instanceof Error ? cause.message : 'unknown failure';
    const detail = `${state}; it is tried again: ${why}`;
    this.#ports.alarms.raise({ kind: 'erasureFailed', callId, correlationId, uccName, detail });
  }
}

function changeOf(interval: Span | null) {
  const erased = interval ? { startMs: interval.start, endMs: interval.end } : 'whole';
  return auditedChange({ erased: null }, { erased });
}

function isInProgress({ status }: CallRecord): boolean {
  return status === 'live' || status === 'finishing';
}

function liesWithin({ start, end }: Span, lengthMs: number): boolean {
  return start >= 0 && start < end && end <= lengthMs;
}
