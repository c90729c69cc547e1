import type { CallRegistry } from '../call/call-registry.ts';
import type { MetadataFault } from '../model/metadata-fault.ts';
import type { AlarmRegister } from './alarm-register.ts';

export interface MetadataAlarmPorts {
  readonly calls: CallRegistry;
  readonly alarms: Pick<AlarmRegister, 'raise' | 'clear'>;
  /** Monotonic ms */
  readonly nowMs?: () => number;
}

/** What was read of one message's metadata. */
export interface MetadataReport {
  readonly callId: string;
  /** Of the client. */
  readonly address: string;
  /** Empty: it was whole. */
  readonly faults: readonly MetadataFault[];
}

/** A client that is right once and wrong the next time is told of no more often. */
const REPEAT_MS = 3_600_000;
const MAX_ADDRESSES = 10_000;

/**
 * One alarm for each client whose metadata cannot be read as it should be, on the first of its
 * calls. It is over with that call, or with whole metadata of it; whole metadata an hour later
 * forgets the client, so that the next fault is told of again.
 */
export class MetadataAlarms {
  readonly #ports: MetadataAlarmPorts;
  readonly #raised = new Map<string, { readonly callId: string; readonly atMs: number }>();

  constructor(ports: MetadataAlarmPorts) {
    this.#ports = ports;
  }

  read({ callId, address, faults }: MetadataReport): void {
    const { calls, alarms } = this.#ports;
    const call = calls.byId(callId);
    const raised = this.#raised.get(address);
    if (faults.length === 0) {
      if (call && raised?.callId === callId) alarms.clear(call, 'metadataIncomplete');
      if (raised && this.#now() - raised.atMs >= REPEAT_MS) this.#raised.delete(address);
    } else if (!raised && call) {
      this.#note(address, callId);
      const { correlationId, uccName } = call;
      const detail = `metadata of ${address} could not be read as it should be: ${faults.join(', ')}`;
      alarms.raise({ kind: 'metadataIncomplete', callId, correlationId, uccName, detail });
    }
  }

  #note(address: string, callId: string): void {
    const [oldest] = this.#raised.keys();
    if (this.#raised.size >= MAX_ADDRESSES && oldest !== undefined) this.#raised.delete(oldest);
    this.#raised.set(address, { callId, atMs: this.#now() });
  }

  #now(): number {
    return this.#ports.nowMs?.() ?? performance.now();
  }
}
