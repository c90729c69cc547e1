import type { WebSocket } from 'ws';
import type { Transport } from './transport.ts';

const NORMAL_CLOSURE = 1000;

/** Transports/WebSocketTransport.cs: one frame to a text message, hub calls the other way. */
export class WebSocketTransport implements Transport {
  readonly name = 'webSockets';
  readonly isStreaming = true;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    // A failed socket is closed too, and the connection reacts to that.
    socket.on('error', () => {});
  }

  get isClosed(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  onClosed(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  write(frame: string): void {
    if (!this.isClosed) this.#socket.send(frame);
  }

  /** Closes the socket; `ws` cuts it off when the client does not answer the close. */
  end(): void {
    this.#socket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
