import { isStream } from '../message/destination.ts';
import type { SipPeer } from '../message/types.ts';

/** Of more addresses the one that was proven first is forgotten. */
const MAX_SOURCES = 10_000;

/** So often a source that proved nothing is sent an answer again: for 3.5 s, not for 32. */
const UNPROVEN_RESENDS = 3;

/**
 * Addresses whose UDP packets are known to come from there: they knew what only was sent to them, a
 * tag of ours or the answer to a challenge. Whoever writes another's address into his INVITEs shall
 * not have the other one flooded (RFC 3261 section 26.1.5).
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

  /** How often an answer may be sent again that nobody acknowledges. */
  resendsTo(peer: SipPeer): number {
    return this.has(peer) ? Number.POSITIVE_INFINITY : UNPROVEN_RESENDS;
  }
}
