import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ConnectionHost, ServerConnection } from './connection.ts';
import { EventStreamWire } from './event-stream-wire.ts';
import { answerError, answerJson, answerText, HttpError, readBody, refuseUpgrade } from './http.ts';
import type { Link } from './link.ts';
import { Links } from './links.ts';
import { LongPollingWire } from './long-polling-wire.ts';
import { negotiateAnswer, parseNegotiate, queryValue } from './negotiate.ts';
import { WebSocketAcceptor } from './websocket-wire.ts';
import type { TransportName } from './wire.ts';

/** What the owner knows of a request, having authenticated it. */
export interface RequestContext {
  /** What follows the path the hub is mounted at. */
  readonly suffix: '' | '/negotiate';
  readonly query: URLSearchParams;
  readonly user: unknown;
  /**
   * Set if the owner's framework has read the body already: its bytes, never a string, since
   * clients before version 8 send MessagePack as `text/plain` too.
   */
  readonly body?: Buffer | undefined;
}

export type UpgradeContext = Pick<RequestContext, 'query' | 'user'>;

export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Requests of the transport protocol specification, brought to the links they name. */
export class FrontEnd {
  readonly #host: ConnectionHost;
  readonly #links: Links;
  readonly #acceptor: WebSocketAcceptor;
  #stopped = false;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.#links = new Links(host.settings);
    this.#acceptor = new WebSocketAcceptor(host.settings.maxTransferBytes);
  }

  get links(): Links {
    return this.#links;
  }

  /** Takes no new connections from now on; those that are there go on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when the request is answered, or parked, or has become an event stream. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
  ): Promise<void> {
    try {
      if (context.suffix === '/negotiate') this.#negotiate(request, response, context);
      else await this.#route(request, response, context);
    } catch (error) {
      this.#answerFailure(request, response, error);
    }
  }

  upgrade(upgrade: UpgradeRequest, context: UpgradeContext): void {
    try {
      const { headers } = upgrade.request;
      const { isOriginAllowed } = this.#host.settings;
      if (
        headers.origin !== undefined &&
        isOriginAllowed?.(headers.origin, headers.host) === false
      ) {
        throw new HttpError(403, 'This origin is not allowed.');
      }
      const link = this.#linkForUpgrade(context);
      this.#acceptor.accept(upgrade, (wire) => {
        link.user = context.user;
        link.attach(wire);
      });
    } catch (error) {
      if (!(error instanceof HttpError)) this.#host.settings.onError(error);
      refuseUpgrade(upgrade.socket, asHttpError(error));
    }
  }

  #negotiate(request: IncomingMessage, response: ServerResponse, context: RequestContext): void {
    request.resume();
    if (request.method !== 'POST') throw notAllowed('POST');
    const asked = parseNegotiate(context.query);
    if (typeof asked === 'string') {
      answerJson(response, { error: asked });
      return;
    }
    const link = this.#open(context.user, asked.version === 0, asked.statefulReconnect);
    if (link === undefined) {
      answerJson(response, { error: 'The server takes no more connections.' });
      return;
    }
    answerJson(response, negotiateAnswer(link, asked, this.#host.settings.transports));
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
  ): Promise<void> {
    switch (request.method) {
      case 'POST':
        await this.#post(request, response, context);
        break;
      case 'GET':
        if (request.headers.accept?.includes('text/event-stream')) this.#stream(response, context);
        else this.#poll(response, context);
        break;
      case 'DELETE':
        this.#delete(response, context);
        break;
      default:
        throw notAllowed('GET, POST, DELETE');
    }
  }

  async #post(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
  ): Promise<void> {
    const link = this.#find(context);
    if (link.transport === 'WebSockets')
      throw new HttpError(405, 'This connection is a WebSocket.');
    if (link.transport === undefined) throw new HttpError(409, 'There is no transport yet.');
    const { maxTransferBytes } = this.#host.settings;
    const taken = await link.receive(() => readBody(request, context.body, maxTransferBytes));
    if (!taken) throw unknownConnection();
    answerText(response, 200);
  }

  /** Section "Server-Sent Events". */
  #stream(response: ServerResponse, context: RequestContext): void {
    const link = this.#find(context);
    this.#claim(link, 'ServerSentEvents');
    if (link.wire !== undefined) throw new HttpError(409, 'There is an event stream already.');
    link.user = context.user;
    link.attach(new EventStreamWire(response));
  }

  /** Section "Long Polling". */
  #poll(response: ServerResponse, context: RequestContext): void {
    const link = this.#find(context);
    this.#claim(link, 'LongPolling');
    link.user = context.user;
    if (link.wire === undefined) link.attach(new LongPollingWire(this.#host.settings));
    if (link.wire instanceof LongPollingWire) link.wire.poll(response);
  }

  #delete(response: ServerResponse, context: RequestContext): void {
    const link = this.#find(context);
    if (link.transport !== 'LongPolling') {
      throw new HttpError(400, 'Only a long polling connection is ended by DELETE.');
    }
    link.end();
    response.writeHead(202).end();
  }

  /** Without id: a connection of its own, for clients that skip negotiation. */
  #linkForUpgrade(context: UpgradeContext): Link {
    if (queryValue(context.query, 'id') === undefined) {
      this.#requireTransport('WebSockets');
      const link = this.#open(context.user, false, false);
      if (link === undefined) throw new HttpError(503, 'The server takes no more connections.');
      return link;
    }
    const link = this.#find(context);
    this.#claim(link, 'WebSockets');
    if (link.wire !== undefined && link.handler?.isResumable !== true) {
      throw new HttpError(409, 'There is a WebSocket already.');
    }
    return link;
  }

  #open(user: unknown, tokenIsId: boolean, statefulReconnect: boolean): Link | undefined {
    if (this.#stopped) return undefined;
    const link = this.#links.open({ user, tokenIsId, statefulReconnect });
    if (link !== undefined) link.handler = new ServerConnection(link, this.#host);
    return link;
  }

  /** The token is the secret that makes a connection the client's own. */
  #find({ query, user }: UpgradeContext): Link {
    const token = queryValue(query, 'id');
    if (token === undefined || token === '') throw new HttpError(400, 'Connection ID required.');
    const link = this.#links.find(token);
    if (link === undefined) throw unknownConnection();
    if (!this.#host.settings.isSameUser(link.user, user)) {
      throw new HttpError(403, 'This connection belongs to another user.');
    }
    return link;
  }

  /** The transport of a connection is chosen by its first request and stays. */
  #claim(link: Link, transport: TransportName): void {
    this.#requireTransport(transport);
    if (link.transport !== undefined && link.transport !== transport) {
      throw new HttpError(400, 'Cannot change the transport of a connection.');
    }
  }

  #requireTransport(transport: TransportName): void {
    if (!this.#host.settings.transports.includes(transport)) {
      throw new HttpError(404, `${transport} is disabled.`);
    }
  }

  #answerFailure(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    request.resume();
    // A client that went away in the middle of its body is nothing to report.
    const expected = error instanceof HttpError || !request.complete;
    if (!expected) this.#host.settings.onError(error);
    answerError(response, asHttpError(error));
  }
}

function asHttpError(error: unknown): HttpError {
  return error instanceof HttpError ? error : new HttpError(500, 'Internal server error.');
}

function notAllowed(allow: string): HttpError {
  return new HttpError(405, 'Method not allowed.', { Allow: allow });
}

function unknownConnection(): HttpError {
  return new HttpError(404, 'No Connection with that ID.');
}
