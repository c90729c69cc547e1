import { uriKey } from '../identifiers/sip-uri.ts';
import { uccKey } from '../model/ucc.ts';
import type { Call } from './call.ts';

/**
 * The calls in progress. A correlation id names at most one of them, whatever its UCC: the live
 * part of its dialogue.
 */
export class CallRegistry {
  readonly #byId = new Map<string, Call>();
  readonly #byCorrelationId = new Map<string, Call>();
  /** Ids of ended parts, mapped to the call that continues their dialogue. */
  readonly #byEarlierId = new Map<string, Call>();
  readonly #earlierIds = new Map<Call, readonly string[]>();

  get size(): number {
    return this.#byId.size;
  }

  add(call: Call): void {
    this.#byId.set(call.id, call);
    this.#byCorrelationId.set(call.correlationId, call);
  }

  /** Notes that the call continues the dialogue of these parts. */
  follows(call: Call, earlierIds: readonly string[]): void {
    if (this.#byId.get(call.id) !== call) return;
    this.#earlierIds.set(call, earlierIds);
    for (const id of earlierIds) this.#byEarlierId.set(id, call);
  }

  remove(call: Call): void {
    this.#byId.delete(call.id);
    if (this.#byCorrelationId.get(call.correlationId) === call) {
      this.#byCorrelationId.delete(call.correlationId);
    }
    for (const id of this.#earlierIds.get(call) ?? []) {
      if (this.#byEarlierId.get(id) === call) this.#byEarlierId.delete(id);
    }
    this.#earlierIds.delete(call);
  }

  /** Returns exactly that part, while it is in progress. */
  byId(id: string): Call | undefined {
    return this.#byId.get(id);
  }

  byCorrelationId(correlationId: string): Call | undefined {
    return this.#byCorrelationId.get(correlationId);
  }

  /** Finds a call by its id, its correlation id, or the id of an earlier part. */
  named(id: string): Call | undefined {
    return this.byId(id) ?? this.byCorrelationId(id) ?? this.#byEarlierId.get(id);
  }

  /**
   * Returns the call in progress with that correlation id, if the UCC takes part in its dialogue.
   */
  find(uccName: string, correlationId: string): Call | undefined {
    const call = this.#byCorrelationId.get(correlationId);
    return call?.record.dialogue.ruledBy.includes(uccKey(uccName)) ? call : undefined;
  }

  /** Lists calls in progress, oldest first; `agent` selects those in which that URI takes part. */
  list(filter: { ucc?: string; agent?: string } = {}): Call[] {
    const ucc = filter.ucc === undefined ? undefined : uccKey(filter.ucc);
    const agent = filter.agent === undefined ? undefined : uriKey(filter.agent);
    return [...this.#byId.values()].filter(({ record }) => {
      if (ucc !== undefined && !record.dialogue.ruledBy.includes(ucc)) return false;
      if (agent === undefined) return true;
      return record.parties.some((party) => uriKey(party.aor) === agent);
    });
  }
}
