import { isStream } from '../message/destination.ts';
import type { SipPeer } from '../message/types.ts';

/** Beyond this number the earliest proven address is forgotten. */
const MAX_SOURCES = 10_000;

/** Retransmissions to an unproven source: for 3.5 s, not for 32. */
const UNPROVEN_RESENDS = 3;

/**
 * Source addresses of UDP that are proven: they repeated data sent only to them, a tag of ours or
 * the answer to a challenge. Forged sources in INVITEs must not have a bystander flooded (RFC 3261
 * section 26.1.5).
 */
export class ProvenSources {
  readonly #addresses = new Set<string>();

  note({ address }: SipPeer): void {
    if (this.#addresses.has(address)) return;
    const [oldest] = this.#addresses;
    if (this.#addresses.size >= MAX_SOURCES && oldest !== undefined) {
      this.#addresses.delete(oldest);
    }
    this.#addresses.add(address);
  }

  has({ address, transport }: SipPeer): boolean {
    return isStream(transport) || this.#addresses.has(address);
  }

  /** Returns how often an unacknowledged answer may be retransmitted. */
  resendsTo(peer: SipPeer): number {
    return this.has(peer) ? Number.POSITIVE_INFINITY : UNPROVEN_RESENDS;
  }
}
