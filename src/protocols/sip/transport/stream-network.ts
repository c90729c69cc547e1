import type { Server, Socket } from 'node:net';
import type { SipPeer, SipTransportName } from '../message/types.ts';
import { plainAddress } from './transport.ts';

export interface StreamOrigin {
  readonly address: string;
  readonly port: number;
}

/** Where a connection comes from; it is asked while the connection is open. */
export function originOf({ remoteAddress, remotePort }: Socket): StreamOrigin {
  return { address: plainAddress(remoteAddress ?? ''), port: remotePort ?? 0 };
}

/** What TCP and TLS do each in their own way. */
export interface StreamNetwork {
  readonly name: SipTransportName;
  /** Not listening yet. */
  createServer(events: StreamServerEvents): Server;
  connect(peer: SipPeer): Socket;
}

export interface StreamServerEvents {
  /**
   * Asked before a byte is read; a connection that may not is closed.
   * @param shaking connections that are not as far yet as to be counted
   */
  mayConnect(socket: Socket, shaking: number): boolean;
  /** A connection whose messages can be read. */
  onConnection(socket: Socket): void;
  /** A connection that never came so far. */
  onRefused(from: StreamOrigin): void;
}
