import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConnectionHost } from './connection/connection.ts';
import { type LinkRequest, Links, unknownConnection } from './connection/links.ts';
import { EventStreamWire } from './wire/event-stream-wire.ts';
import {
  answerError,
  answerJson,
  answerText,
  HttpError,
  readBody,
  refuseUpgrade,
} from './wire/http.ts';
import { LongPollingWire } from './wire/long-polling-wire.ts';
import { negotiateAnswer, parseNegotiate } from './wire/negotiate.ts';
import { WebSocketAcceptor, type WebSocketUpgrade } from './wire/websocket-wire.ts';

/** The owner's knowledge of a request, after authentication. */
export interface RequestContext extends LinkRequest {
  /** The path after the one the hub is mounted at. */
  readonly suffix: '' | '/negotiate';
  /**
   * Set if the owner's framework has read the body already: its bytes, never a string, since
   * clients before version 8 send MessagePack as `text/plain` too.
   */
  readonly body?: Buffer | undefined;
}

/** Passes requests of the transport protocol specification to the links they name. */
export class FrontEnd {
  readonly #host: ConnectionHost;
  readonly links: Links;
  readonly #acceptor: WebSocketAcceptor;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.links = new Links(host);
    this.#acceptor = new WebSocketAcceptor(host.settings.maxTransferBytes);
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

  upgrade(upgrade: WebSocketUpgrade, context: LinkRequest): void {
    try {
      const { headers } = upgrade.request;
      const { isOriginAllowed } = this.#host.settings;
      if (
        headers.origin !== undefined &&
        isOriginAllowed?.(headers.origin, headers.host) === false
      ) {
        throw new HttpError(403, 'This origin is not allowed.');
      }
      const findLink = this.links.findForUpgrade(context);
      this.#acceptor.accept(upgrade, (wire) => {
        const link = findLink();
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
    if (!this.links.hasRoom) {
      answerJson(response, { error: 'The server takes no more connections.' });
      return;
    }
    const { version, statefulReconnect } = asked;
    const link = this.links.open({
      user: context.user,
      tokenIsId: version === 0,
      statefulReconnect,
    });
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
    const link = this.links.find(context);
    if (link.transport === 'WebSockets')
      throw new HttpError(405, 'This connection is a WebSocket.');
    const { maxTransferBytes } = this.#host.settings;
    const outcome = await link.receive(() => readBody(request, context.body, maxTransferBytes));
    if (outcome === 'gone') throw unknownConnection();
    if (outcome === 'full') throw new HttpError(413, 'Too much was sent before the transport.');
    answerText(response, 200);
  }

  /** Section "Server-Sent Events". */
  #stream(response: ServerResponse, context: RequestContext): void {
    const link = this.links.findFor('ServerSentEvents', context);
    if (link.wire !== undefined) throw new HttpError(409, 'There is an event stream already.');
    link.user = context.user;
    link.attach(new EventStreamWire(response));
  }

  /** Section "Long Polling". */
  #poll(response: ServerResponse, context: RequestContext): void {
    const link = this.links.findFor('LongPolling', context);
    link.user = context.user;
    if (link.wire === undefined) link.attach(new LongPollingWire(this.#host.settings));
    if (link.wire instanceof LongPollingWire) link.wire.poll(response);
  }

  #delete(response: ServerResponse, context: RequestContext): void {
    const link = this.links.find(context);
    if (link.transport !== 'LongPolling') {
      throw new HttpError(400, 'Only a long polling connection is ended by DELETE.');
    }
    link.end();
    response.writeHead(202).end();
  }

  #answerFailure(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    request.resume();
    // A client that left in the middle of its body is not worth a report.
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
