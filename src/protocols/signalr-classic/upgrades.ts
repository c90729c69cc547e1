import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connection } from './connection.ts';
import type { Attach, ClassicCore } from './core.ts';
import { LOST_REASON } from './core.ts';
import { ClassicRequestError } from './errors.ts';
import { Parameters } from './http.ts';
import { encodeEnd } from './messages.ts';
import { parseTransport, understandsErrors } from './negotiation.ts';
import type { ClassicContext } from './types.ts';
import { WebSocketTransport } from './web-socket-transport.ts';

/** Answers the upgrade requests of the protocol: connect and reconnect over webSockets. */
export class UpgradeHandler {
  readonly #core: ClassicCore;
  readonly #sockets: WebSocketServer;

  constructor(core: ClassicCore) {
    this.#core = core;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: core.limits.maxMessageBytes,
      perMessageDeflate: false,
    });
  }

  async handle(
    request: IncomingMessage,
    socket: Duplex,
    upgrade: { head: Buffer; context: ClassicContext },
  ): Promise<void> {
    const ignore = () => {};
    socket.on('error', ignore);
    try {
      const attach = await this.#prepare(request, upgrade.context);
      this.#sockets.handleUpgrade(request, socket, upgrade.head, (webSocket) => {
        socket.off('error', ignore);
        this.#accept(webSocket, attach);
      });
    } catch (error) {
      const isRefusal = error instanceof ClassicRequestError;
      if (!isRefusal) this.#core.options.onError?.(error);
      refuse(socket, isRefusal ? error : new ClassicRequestError(500, 'The request failed.'));
    }
  }

  /** Returns undefined for a client that is accepted only to be told to start again. */
  async #prepare(request: IncomingMessage, context: ClassicContext): Promise<Attach | undefined> {
    if (this.#core.isClosed) throw new ClassicRequestError(503, 'The server is shutting down.');
    this.#checkOrigin(request);
    const { action } = context;
    const parameters = new Parameters(context.query);
    if (parseTransport(parameters.get('transport')) !== 'webSockets') {
      throw new ClassicRequestError(400, 'Only webSockets upgrades.');
    }
    const caller = this.#core.identify(parameters, context.user);
    if (action === 'connect') return this.#core.connect(caller);
    if (action !== 'reconnect') {
      throw new ClassicRequestError(400, `${action} takes no upgrade.`);
    }
    const attach = await this.#core.resume(caller, true);
    if (!attach && !understandsErrors(parameters.get('clientProtocol'))) {
      throw new ClassicRequestError(404, LOST_REASON);
    }
    return attach;
  }

  /** Browsers do not apply CORS to WebSockets, so that any page could use its visitor's session. */
  #checkOrigin(request: IncomingMessage): void {
    const { origin, host = '' } = request.headers;
    if (origin === undefined) return;
    const isAllowed = this.#core.options.isOriginAllowed ?? isOwnOrigin;
    if (!isAllowed(origin, host)) throw new ClassicRequestError(403, 'The origin is not allowed.');
  }

  #accept(webSocket: WebSocket, attach: Attach | undefined): void {
    const transport = new WebSocketTransport(webSocket);
    if (!attach) {
      transport.write(encodeEnd(LOST_REASON));
      transport.end();
      return;
    }
    const connection = attach(transport);
    webSocket.on('message', (data, isBinary) => {
      if (!transport.isClosed) {
        void this.#receive(connection, transport, isBinary ? '' : data.toString());
      }
    });
  }

  /** Handles a message; one other than a hub call ends the connection: later ones are untrusted. */
  async #receive(
    connection: Connection,
    transport: WebSocketTransport,
    text: string,
  ): Promise<void> {
    try {
      const answer = await this.#core.invoke(connection, text);
      if (answer) connection.answer(transport, answer);
    } catch (error) {
      const isRefusal = error instanceof ClassicRequestError;
      if (!isRefusal) this.#core.options.onError?.(error);
      connection.shut({ endReason: isRefusal ? error.message : 'The hub call failed.' });
    }
  }
}

function isOwnOrigin(origin: string, host: string): boolean {
  return URL.parse(origin)?.host === host;
}

function refuse(socket: Duplex, error: ClassicRequestError): void {
  if (socket.destroyed) return;
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=UTF-8',
    `Content-Length: ${Buffer.byteLength(error.message)}`,
    'X-Content-Type-Options: nosniff',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${error.message}`);
}
