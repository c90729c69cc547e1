import type { Destination } from '../message/destination.ts';
import type { SipDropReason, SipPeer, SipTransportName } from '../message/types.ts';

export interface TransportEvents {
  /** Called before any byte of the peer's is read. */
  isAllowed(address: string): boolean;
  /** Called with one whole message, not parsed yet. */
  onMessage(data: Buffer, peer: SipPeer): void;
  /** Called with the head of a message that has no findable end, or is too large to read on. */
  onBroken(head: Buffer, reason: 'malformed' | 'tooLarge', peer: SipPeer): void;
  onDropped(reason: SipDropReason, peer: SipPeer): void;
}

export interface SipTransport {
  readonly name: SipTransportName;
  readonly port: number;
  /** Rejects when the message surely did not leave. */
  send(data: Buffer, destination: Destination): Promise<void>;
  close(): Promise<void>;
}

/** Returns IPv4 as such, though a dual-stack socket shows it mapped (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
}
