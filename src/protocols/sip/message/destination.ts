import type { SipPeer, SipTransportName } from './types.ts';

/** Where a message goes; `fallback` is connected to when the connection to `peer` is gone. */
export interface Destination {
  readonly peer: SipPeer;
  readonly fallback?: SipPeer;
}

/** Transports that lose and reorder nothing, and answer by the connection that asked. */
export function isStream(transport: SipTransportName): boolean {
  return transport !== 'UDP';
}
