import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Every connection of an HTTP server: also those that have not finished a TLS handshake or the
 * headers of a request, and those that became WebSockets, which Node's server itself forgets.
 */
export class Connections {
  readonly #open = new Set<Socket>();
  /** Counts the answers that a connection waits for; a WebSocket waits until it ends. */
  readonly #awaited = new Map<string, number>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#awaited.delete(peer);
      });
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const peer = peerOf(socket);
      this.#count(peer, 1);
      response.once('close', () => this.#count(peer, -1));
    });
    server.on('upgrade', ({ socket }: IncomingMessage) => this.#count(peerOf(socket), 1));
  }

  /**
   * Cuts off at once whoever waits for no answer, and everybody after `timeoutMs`: a client that
   * sends half a request, reads slowly, or leaves a WebSocket's close unanswered holds up no stop.
   */
  close(timeoutMs: number): void {
    for (const socket of this.#open) if (!this.#awaited.has(peerOf(socket))) socket.destroy();
    setTimeout(() => {
      for (const socket of this.#open) socket.destroy();
    }, timeoutMs).unref();
  }

  #count(peer: string, change: 1 | -1): void {
    const count = (this.#awaited.get(peer) ?? 0) + change;
    if (count > 0) this.#awaited.set(peer, count);
    else this.#awaited.delete(peer);
  }
}

/** Returns the same key for a connection and the TLS around it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
