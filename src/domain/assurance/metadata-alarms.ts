import type { CallRegistry } from '../call/call-registry.ts';
import type { MetadataFault } from '../model/metadata-fault.ts';
import type { AlarmRegister } from './alarm-register.ts';

export interface MetadataAlarmPorts {
  readonly calls: CallRegistry;
  readonly alarms: Pick<AlarmRegister, 'raise' | 'clear'>;
  /** Monotonic ms */
  readonly nowMs?: () => number;
}

/** The result of reading one message's metadata. */
export interface MetadataReport {
  readonly callId: string;
  /** The client's address. */
  readonly address: string;
  /** Empty: the metadata was complete. */
  readonly faults: readonly MetadataFault[];
}

/** Shortest time between alarms about a client whose metadata is only sometimes faulty. */
const REPEAT_MS = 3_600_000;
const MAX_ADDRESSES = 10_000;

/**
 * Raises one alarm per client whose metadata cannot be read correctly, on the first of its calls.
 * The alarm ends with that call, or when the call's metadata is complete. Complete metadata an hour
 * later forgets the client, so that its next fault raises an alarm again.
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
