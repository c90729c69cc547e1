import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import type { Destination } from '../message/destination.ts';
import { SipBindError } from '../message/errors.ts';
import type { SipDropReason, SipLimits, SipPeer, SipTransportName } from '../message/types.ts';
import { StreamConnection } from './stream-connection.ts';
import { originOf, type StreamNetwork } from './stream-network.ts';
import type { SipTransport, TransportEvents } from './transport.ts';

export interface StreamOptions {
  readonly network: StreamNetwork;
  readonly host: string;
  readonly port: number;
  readonly limits: SipLimits;
}

/**
 * SIP over TCP or TLS (RFC 3261 section 18): a connection serves both directions as long as it
 * lives.
 */
export class StreamTransport implements SipTransport {
  readonly name: SipTransportName;
  readonly #server: Server;
  readonly #network: StreamNetwork;
  readonly #limits: SipLimits;
  readonly #events: TransportEvents;
  /** The connection to send by, for each remote address and port. */
  readonly #connections = new Map<string, StreamConnection>();
  /** All connections, including those replaced by a later one with the same address and port. */
  readonly #all = new Set<StreamConnection>();
  /** All sockets, including those still in their handshake. */
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | undefined;

  private constructor({ network, limits }: StreamOptions, events: TransportEvents) {
    this.name = network.name;
    this.#network = network;
    this.#limits = limits;
    this.#events = events;
    this.#server = network.createServer({
      mayConnect: (socket, shaking) => this.#mayConnect(socket, shaking),
      onConnection: (socket) => this.#accept(socket),
      onRefused: (from) => events.onDropped('handshakeFailed', { ...from, transport: this.name }),
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Rejects with SipBindError when the port cannot be taken. */
  static async listen(options: StreamOptions, events: TransportEvents): Promise<StreamTransport> {
    const transport = new StreamTransport(options, events);
    const server = transport.#server;
    try {
      server.listen(options.port, options.host);
      await once(server, 'listening');
    } catch (error) {
      const cause = error instanceof Error ? error.message : 'unknown';
      throw new SipBindError(`${transport.name} ${options.host}:${options.port}`, cause);
    }
    // Errors after listening concern single connections that failed to open.
    server.on('error', () => undefined);
    return transport;
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
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }

  #mayConnect(socket: Socket, shaking = 0): boolean {
    const peer = this.#peerOf(socket);
    const isFull = this.#all.size + shaking >= this.#limits.maxTcpConnections;
    if (!this.#events.isAllowed(peer.address)) this.#refuse(socket, 'forbiddenAddress');
    else if (isFull || this.#closed !== undefined) this.#refuse(socket, 'overload');
    else return true;
    return false;
  }

  #accept(socket: Socket): void {
    // Others may have come during the handshake.
    if (this.#mayConnect(socket)) this.#register(socket, this.#peerOf(socket));
  }

  #refuse(socket: Socket, reason: SipDropReason): void {
    socket.on('error', () => undefined);
    this.#events.onDropped(reason, this.#peerOf(socket));
    socket.destroy();
  }

  #peerOf(socket: Socket): SipPeer {
    return { ...originOf(socket), transport: this.name };
  }

  #connect(peer: SipPeer): StreamConnection {
    const open = this.#connections.get(keyOf(peer));
    if (open?.usable) return open;
    if (this.#all.size >= this.#limits.maxTcpConnections || this.#closed !== undefined) {
      throw new Error('no more connections');
    }
    if (!this.#events.isAllowed(peer.address)) throw new Error('the address is not allowed');
    return this.#register(this.#network.connect(peer), peer);
  }

  #register(socket: Socket, peer: SipPeer): StreamConnection {
    const key = keyOf(peer);
    const connection = new StreamConnection(socket, {
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
