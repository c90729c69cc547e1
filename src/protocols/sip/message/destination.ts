import type { SipPeer, SipTransportName } from './types.ts';

/** A message's destination; `fallback` is used when the connection to `peer` is gone. */
export interface Destination {
  readonly peer: SipPeer;
  readonly fallback?: SipPeer;
}

/** True for transports that lose and reorder nothing, and answer over the same connection. */
export function isStream(transport: SipTransportName): boolean {
  return transport !== 'UDP';
}
