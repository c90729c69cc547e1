import type { Call } from './call.ts';
import { uriKey } from './sip-uri.ts';
import { uccKey } from './ucc.ts';

/** The calls in progress. A correlation id names at most one of them, whatever its UCC. */
export class CallRegistry {
  readonly #byId = new Map<string, Call>();
  readonly #byCorrelationId = new Map<string, Call>();

  get size(): number {
    return this.#byId.size;
  }

  add(call: Call): void {
    this.#byId.set(call.id, call);
    this.#byCorrelationId.set(call.correlationId, call);
  }

  remove(call: Call): void {
    this.#byId.delete(call.id);
    if (this.#byCorrelationId.get(call.correlationId) === call) {
      this.#byCorrelationId.delete(call.correlationId);
    }
  }

  byId(id: string): Call | undefined {
    return this.#byId.get(id);
  }

  byCorrelationId(correlationId: string): Call | undefined {
    return this.#byCorrelationId.get(correlationId);
  }

  /** The call in progress on that UCC with that correlation id. */
  find(uccName: string, correlationId: string): Call | undefined {
    const call = this.#byCorrelationId.get(correlationId);
    return call?.uccName === uccKey(uccName) ? call : undefined;
  }

  /** Calls in progress, oldest first; `agent` finds those in which that URI takes part. */
  list(filter: { ucc?: string; agent?: string } = {}): Call[] {
    const ucc = filter.ucc === undefined ? undefined : uccKey(filter.ucc);
    const agent = filter.agent === undefined ? undefined : uriKey(filter.agent);
    return [...this.#byId.values()].filter((call) => {
      if (ucc !== undefined && call.uccName !== ucc) return false;
      if (agent === undefined) return true;
      return call.record.parties.some((party) => uriKey(party.aor) === agent);
    });
  }
}
