import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { SipBindError } from './errors.ts';
import { TcpConnection } from './tcp-connection.ts';
import {
  type Destination,
  plainAddress,
  type SipTransport,
  type TransportEvents,
} from './transport.ts';
import type { SipDropReason, SipLimits, SipPeer } from './types.ts';

export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: SipLimits;
}

/** SIP over TCP (RFC 3261 section 18): a connection serves both directions as long as it lives. */
export class TcpTransport implements SipTransport {
  readonly name = 'TCP';
  readonly port: number;
  readonly #server: Server;
  readonly #limits: SipLimits;
  readonly #events: TransportEvents;
  /** The one to send by, for each remote address and port. */
  readonly #connections = new Map<string, TcpConnection>();
  /** Also those that a later connection with the same address and port took the place of. */
  readonly #all = new Set<TcpConnection>();
  #closed: Promise<void> | undefined;

  private constructor(server: Server, limits: SipLimits, events: TransportEvents) {
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server = server;
    this.#limits = limits;
    this.#events = events;
    server.on('connection', (socket) => this.#accept(socket));
    // Errors after listening concern single connections that never came to be.
    server.on('error', () => undefined);
  }

  /** Rejects with SipBindError when the port cannot be taken. */
  static async listen(options: TcpOptions, events: TransportEvents): Promise<TcpTransport> {
    const server = createServer();
    try {
      server.listen(options.port, options.host);
      await once(server, 'listening');
    } catch (error) {
      const cause = error instanceof Error ? error.message : 'unknown';
      throw new SipBindError(`TCP ${options.host}:${options.port}`, cause);
    }
    return new TcpTransport(server, options.limits, events);
  }

  async send(data: Buffer, destination: Destination): Promise<void> {
    const open = this.#connections.get(keyOf(destination.peer));
    const connection = open?.usable
      ? open
      : this.#connect(destination.fallback ?? destination.peer);
    await connection.send(data);
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#all].map((connection) => connection.close()));
    await stopped;
  }

  #accept(socket: Socket): void {
    const peer: SipPeer = {
      address: plainAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      transport: 'TCP',
    };
    const isFull = this.#all.size >= this.#limits.maxTcpConnections;
    if (!this.#events.isAllowed(peer.address)) this.#refuse(socket, 'forbiddenAddress', peer);
    else if (isFull || this.#closed !== undefined) this.#refuse(socket, 'overload', peer);
    else this.#register(socket, peer);
  }

  #refuse(socket: Socket, reason: SipDropReason, peer: SipPeer): void {
    socket.on('error', () => undefined);
    socket.destroy();
    this.#events.onDropped(reason, peer);
  }

  #connect(peer: SipPeer): TcpConnection {
    const open = this.#connections.get(keyOf(peer));
    if (open?.usable) return open;
    if (this.#all.size >= this.#limits.maxTcpConnections || this.#closed !== undefined) {
      throw new Error('no more TCP connections');
    }
    return this.#register(connect({ host: peer.address, port: peer.port }), peer);
  }

  #register(socket: Socket, peer: SipPeer): TcpConnection {
    const key = keyOf(peer);
    const connection = new TcpConnection(socket, {
      peer,
      limits: this.#limits,
      events: this.#events,
      onClosed: () => {
        this.#all.delete(connection);
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
      },
    });
    this.#connections.set(key, connection);
    this.#all.add(connection);
    return connection;
  }
}

function keyOf(peer: SipPeer): string {
  return `${peer.address}|${peer.port}`;
}
