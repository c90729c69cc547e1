import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { ConnectionError, ProtocolError } from '../codec/errors.ts';
import type { Batch } from './batch.ts';
import type { Wire, WireListener } from './wire.ts';

const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;
const NO_STATUS = 1005;

/** Clients of the vendor take an empty close that is answered empty (1005) for a failure. */
class NormallyClosingWebSocket extends WebSocket {
  override close(code = NORMAL_CLOSURE, data?: string | Buffer): void {
    super.close(code, data);
  }
}

export interface WebSocketUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Completes upgrades; no compression, since one compressed frame could not serve many clients. */
export class WebSocketAcceptor {
  readonly #server: WebSocketServer;

  constructor(maxTransferBytes: number) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxTransferBytes,
      WebSocket: NormallyClosingWebSocket,
    });
  }

  /** Answers a malformed upgrade itself, and then makes no wire. */
  accept({ request, socket, head }: WebSocketUpgrade, onWire: (wire: Wire) => void): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      onWire(new WebSocketWire(webSocket, socket));
    });
  }
}

/**
 * Transport protocol specification, section "WebSockets". Batch makes the data frames, which are
 * written to the socket directly: unmasked, uncompressed and whole, they need nothing of `ws`,
 * which reads the socket and handles the control frames.
 */
class WebSocketWire implements Wire {
  readonly transport = 'WebSockets';
  readonly carriesBinary = true;
  readonly inherentKeepAlive = false;
  binary = false;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  #error: Error | undefined;

  constructor(webSocket: WebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    this.#socket = socket;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  listen(listener: WireListener): void {
    this.#webSocket.on('message', (data: RawData, isBinary: boolean) => {
      if (Buffer.isBuffer(data)) listener.onChunk(data, !isBinary);
    });
    this.#webSocket.on('error', (error) => {
      this.#error = isViolation(error) ? new ProtocolError(error.message) : error;
    });
    this.#webSocket.on('close', (code) => listener.onLost(this.#closeError(code)));
    this.#socket.on('drain', () => listener.onDrain());
  }

  write(batch: Batch): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#socket.write(batch.webSocketFrame(this.binary));
  }

  close(): void {
    this.#webSocket.close();
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  #closeError(code: number): Error | undefined {
    if (this.#error !== undefined) return this.#error;
    if (code === NORMAL_CLOSURE || code === GOING_AWAY || code === NO_STATUS) return undefined;
    return new ConnectionError(`The WebSocket closed with status ${code}.`);
  }
}

/** True for a frame too long or bad UTF-8: `ws` has then sent a matching close frame. */
function isViolation(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('WS_ERR_');
}
