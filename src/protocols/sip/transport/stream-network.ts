import type { Server, Socket } from 'node:net';
import type { SipPeer, SipTransportName } from '../message/types.ts';
import { plainAddress } from './transport.ts';

export interface StreamOrigin {
  readonly address: string;
  readonly port: number;
}

/** Returns a connection's source; call it while the connection is open. */
export function originOf({ remoteAddress, remotePort }: Socket): StreamOrigin {
  return { address: plainAddress(remoteAddress ?? ''), port: remotePort ?? 0 };
}

/** The differences between TCP and TLS. */
export interface StreamNetwork {
  readonly name: SipTransportName;
  /** Creates a server that does not listen yet. */
  createServer(events: StreamServerEvents): Server;
  connect(peer: SipPeer): Socket;
}

export interface StreamServerEvents {
  /**
   * Called before a byte is read; a refused connection is closed.
   * @param shaking connections still in their handshake, which are not counted yet
   */
  mayConnect(socket: Socket, shaking: number): boolean;
  /** Called for a connection whose messages can be read. */
  onConnection(socket: Socket): void;
  /** Called for a connection that failed before that. */
  onRefused(from: StreamOrigin): void;
}
