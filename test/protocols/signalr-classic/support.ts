import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { ClassicServerOptions } from '../../../src/protocols/signalr-classic/options.ts';
import {
  type ClassicServer,
  createClassicServer,
} from '../../../src/protocols/signalr-classic/server.ts';
import type {
  ClassicAction,
  ClassicConnection,
  ClassicContext,
} from '../../../src/protocols/signalr-classic/types.ts';

/** A classic server on a real port; the user is whoever the header or query says. */
export class Host {
  readonly connections = new Set<ClassicConnection>();
  readonly errors: unknown[] = [];
  readonly classic: ClassicServer;
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  readonly #listening = new Set<Writable>();
  readonly #listeners: (() => void)[] = [];
  readonly #arrivals: ((connection: ClassicConnection) => void)[] = [];
  readonly #departures: ((connection: ClassicConnection) => void)[] = [];

  constructor(options: ClassicServerOptions) {
    this.classic = createClassicServer({
      ...options,
      onConnected: (connection) => {
        this.connections.add(connection);
        for (const listener of this.#arrivals.splice(0)) listener(connection);
        return options.onConnected?.(connection);
      },
      onDisconnected: (connection) => {
        this.connections.delete(connection);
        for (const listener of this.#departures.splice(0)) listener(connection);
        return options.onDisconnected?.(connection);
      },
      onError: (error) => this.errors.push(error),
    });
    this.#http = createServer((request, response) => {
      void this.#handle(request, response);
    });
    this.#http.on('upgrade', (request, socket, head) => {
      const context = contextOf(request.url, request.headers);
      void this.classic
        .handleUpgrade(request, socket, head, context)
        .then(() => this.#listen(socket));
    });
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return this;
  }

  /** When a client is there to be heard and told: on a socket, a stream or a waiting poll. */
  async listener(): Promise<void> {
    if (this.#listening.size === 0) {
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  arrival(): Promise<ClassicConnection> {
    return new Promise((resolve) => this.#arrivals.push(resolve));
  }

  departure(): Promise<ClassicConnection> {
    return new Promise((resolve) => this.#departures.push(resolve));
  }

  /** As a network that fails: every TCP connection is reset, without a word of HTTP. */
  killSockets(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#listening.clear();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const context = contextOf(request.url, request.headers);
    await this.classic.handleRequest(request, response, context);
    if (!response.writableEnded) this.#listen(response);
  }

  #listen(wire: Writable): void {
    if (wire.destroyed) return;
    this.#listening.add(wire);
    wire.once('close', () => this.#listening.delete(wire));
    for (const resolve of this.#listeners.splice(0)) resolve();
  }

  async close(): Promise<void> {
    this.classic.close();
    this.#http.close();
    this.#http.closeAllConnections();
    this.killSockets();
    await once(this.#http, 'close');
  }
}

function contextOf(
  url = '/',
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ClassicContext {
  const { pathname, searchParams } = new URL(url, 'http://host');
  const action = pathname.slice(pathname.lastIndexOf('/') + 1) as ClassicAction;
  return { action, query: searchParams, user: headers['x-user'] ?? 'alice' };
}
