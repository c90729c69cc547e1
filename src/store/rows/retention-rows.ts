import type { DestroyedSegment, ErasureRecord, ErasureState } from '../../domain/model/erasure.ts';
import type { DerivedRecord } from '../../domain/ports/retention-store.ts';
import type { DerivedTable, ErasureTable } from './tables.ts';

/** Older releases did not record what they found. */
type Destroyed = Omit<DestroyedSegment, 'found' | 'lostMs'> & Partial<DestroyedSegment>;

export function erasureRow(erasure: ErasureRecord): ErasureTable {
  return {
    id: erasure.id,
    call_id: erasure.callId,
    correlation_id: erasure.correlationId,
    ucc_name: erasure.uccName,
    start_ms: erasure.interval?.start ?? null,
    end_ms: erasure.interval?.end ?? null,
    reason: erasure.reason,
    requested_by: erasure.requestedBy,
    requested_at: erasure.requestedAt,
    state: erasure.state,
    destroyed: JSON.stringify(erasure.destroyed),
    keys_destroyed_at: erasure.keysDestroyedAt,
    done_at: erasure.doneAt,
  };
}

export function erasureOf(row: ErasureTable): ErasureRecord {
  const { start_ms: start, end_ms: end } = row;
  return {
    id: row.id,
    callId: row.call_id,
    correlationId: row.correlation_id,
    uccName: row.ucc_name,
    interval: start === null || end === null ? null : { start: Number(start), end: Number(end) },
    reason: row.reason,
    requestedBy: row.requested_by,
    requestedAt: Number(row.requested_at),
    state: row.state as ErasureState,
    destroyed: (JSON.parse(row.destroyed) as Destroyed[]).map((one) => ({
      ...one,
      found: one.found ?? null,
      lostMs: one.lostMs ?? 0,
    })),
    keysDestroyedAt: row.keys_destroyed_at === null ? null : Number(row.keys_destroyed_at),
    doneAt: row.done_at === null ? null : Number(row.done_at),
  };
}

export function derivedRow({ callId, kind, generation, wrappedKey }: DerivedRecord): DerivedTable {
  const wrapped_key = wrappedKey?.toString('base64') ?? null;
  return { call_id: callId, kind, generation, wrapped_key };
}

export function derivedOf(row: DerivedTable): DerivedRecord {
  return {
    callId: row.call_id,
    kind: row.kind as DerivedRecord['kind'],
    generation: row.generation,
    wrappedKey: row.wrapped_key === null ? null : Buffer.from(row.wrapped_key, 'base64'),
  };
}
