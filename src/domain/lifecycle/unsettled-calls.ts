import type { CallRecord } from '../model/call-record.ts';

type Names = Pick<CallRecord, 'id' | 'correlationId' | 'uccName'>;

/** Calls that have ended and are not settled, by id and by correlation id. */
export class UnsettledCalls {
  readonly #names = new Map<string, Names>();
  readonly #ids = new Map<string, Set<string>>();

  add({ id, correlationId, uccName }: Names): void {
    this.#names.set(id, { id, correlationId, uccName });
    const ids = this.#ids.get(correlationId) ?? new Set();
    this.#ids.set(correlationId, ids.add(id));
  }

  remove(id: string): void {
    const correlationId = this.#names.get(id)?.correlationId ?? '';
    const ids = this.#ids.get(correlationId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(correlationId);
    this.#names.delete(id);
  }

  /** Returns the names that an alarm uses; undefined for an absent call. */
  namesOf(id: string): Pick<Names, 'correlationId' | 'uccName'> | undefined {
    const names = this.#names.get(id);
    return names && { correlationId: names.correlationId, uccName: names.uccName };
  }

  idsOf(correlationId: string): readonly string[] {
    return [...(this.#ids.get(correlationId) ?? [])];
  }
}
