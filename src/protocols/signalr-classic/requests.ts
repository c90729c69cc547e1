import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, ClassicCore } from './core.ts';
import { LOST_REASON } from './core.ts';
import { ClassicRequestError } from './errors.ts';
import { Parameters, readForm, replyError, replyJson } from './http.ts';
import { EventStreamTransport, LongPollTransport } from './http-transports.ts';
import { encodeEnd } from './messages.ts';
import {
  encodeNegotiation,
  parseSubscribedHubs,
  parseTransport,
  protocolVersion,
  understandsErrors,
} from './negotiation.ts';
import { proxyScript, replyProxyScript } from './proxy-script.ts';
import type { Transport } from './transport.ts';
import type { ClassicAction, ClassicContext } from './types.ts';

/** One request, and its response. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: ClassicContext;
  readonly parameters: Parameters;
}

/** The original requires no method; the data of a `send` has to come in a form all the same. */
const EITHER: readonly string[] = ['GET', 'POST'];
const METHODS: Readonly<Record<ClassicAction, readonly string[]>> = {
  negotiate: EITHER,
  connect: EITHER,
  start: EITHER,
  ping: EITHER,
  poll: EITHER,
  reconnect: EITHER,
  send: ['POST'],
  abort: EITHER,
  hubs: ['GET', 'HEAD'],
};

/** Answers the plain HTTP requests of the protocol (PersistentConnection.cs, ProcessRequest). */
export class RequestHandler {
  readonly #core: ClassicCore;
  readonly #scripts = new Map<string, string>();

  constructor(core: ClassicCore) {
    this.#core = core;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: ClassicContext,
  ): Promise<void> {
    try {
      const parameters = await this.#parse(request, context);
      await this.#answer({ request, response, context, parameters });
    } catch (error) {
      const isRefusal = error instanceof ClassicRequestError;
      if (!isRefusal) this.#core.options.onError?.(error);
      replyError(response, isRefusal ? error : new ClassicRequestError(500, 'The request failed.'));
    }
  }

  async #parse(request: IncomingMessage, context: ClassicContext): Promise<Parameters> {
    if (this.#core.isClosed) throw new ClassicRequestError(503, 'The server is shutting down.');
    if (!Object.hasOwn(METHODS, context.action)) {
      throw new ClassicRequestError(404, 'There is no such action.');
    }
    const methods = METHODS[context.action];
    if (!methods.includes(request.method ?? '')) {
      const Allow = methods.join(', ');
      throw new ClassicRequestError(405, `${context.action} takes ${Allow}.`, { Allow });
    }
    const { maxMessageBytes } = this.#core.limits;
    const hasForm = request.method === 'POST';
    const form = hasForm ? await readForm(request, context.body, maxMessageBytes) : undefined;
    const parameters = new Parameters(context.query, ...(form ? [form] : []));
    if (parameters.get('callback') !== undefined) {
      throw new ClassicRequestError(400, 'JSONP is not supported; use CORS.');
    }
    return parameters;
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response, context, parameters } = exchange;
    if (context.action === 'hubs') return this.#replyHubs(request, response);
    if (context.action === 'negotiate') return this.#negotiate(exchange);
    if (context.action === 'ping') return replyJson(response, '{"Response":"pong"}');
    const caller = this.#core.identify(parameters, context.user);
    if (context.action === 'start') return this.#start(exchange, caller);
    if (context.action === 'send') return this.#send(exchange, caller);
    if (context.action === 'abort') return this.#abort(exchange, caller);
    return this.#listen(exchange, caller);
  }

  #replyHubs(request: IncomingMessage, response: ServerResponse): void {
    const url = baseUrlOf(request);
    const script = this.#scripts.get(url) ?? proxyScript(this.#core.options, url);
    // The path may hold any text a router accepts, so only the last one is cached.
    this.#scripts.clear();
    this.#scripts.set(url, script);
    replyProxyScript(request, response, script);
  }

  #negotiate({ request, response, context, parameters }: Exchange): void {
    parseSubscribedHubs(parameters.get('connectionData'), this.#core.hubs);
    const tokens = this.#core.signer.issue(this.#core.options.userKey(context.user));
    const protocol = protocolVersion(parameters.get('clientProtocol'));
    const client = { ...tokens, url: baseUrlOf(request), protocol };
    replyJson(response, encodeNegotiation(this.#core.limits, client));
  }

  async #start({ response }: Exchange, caller: Caller): Promise<void> {
    const connection = await this.#core.require(caller);
    connection.isStarted = true;
    replyJson(response, '{"Response":"started"}');
  }

  async #send({ response, parameters }: Exchange, caller: Caller): Promise<void> {
    const connection = await this.#core.require(caller);
    if (connection.transportName === 'webSockets') {
      throw new ClassicRequestError(400, 'Over webSockets, hub calls are sent on the socket.');
    }
    const data = parameters.get('data');
    if (data === undefined) throw new ClassicRequestError(400, 'The form field data is missing.');
    replyJson(response, (await this.#core.invoke(connection, data)) || '{}');
  }

  /** Aborts; an ended connection is no error, since the client is leaving in any case. */
  async #abort({ response }: Exchange, caller: Caller): Promise<void> {
    const connection = await this.#core.connections.find(caller.connectionId);
    connection?.shut({});
    replyJson(response, '');
  }

  /** Handles connect, poll and reconnect: the response becomes the connection's transport. */
  async #listen(exchange: Exchange, caller: Caller): Promise<void> {
    const { action } = exchange.context;
    const transport = parseTransport(exchange.parameters.get('transport'));
    if (transport === 'webSockets') {
      throw new ClassicRequestError(426, 'webSockets needs an upgrade.', { Upgrade: 'websocket' });
    }
    if (action === 'poll' && transport !== 'longPolling') {
      throw new ClassicRequestError(400, 'Only longPolling polls.');
    }
    if (action === 'connect') {
      (await this.#core.connect(caller))(this.#open(exchange, transport));
      return;
    }
    const attach = await this.#core.resume(caller, action === 'reconnect');
    if (!attach && !understandsErrors(exchange.parameters.get('clientProtocol'))) {
      throw new ClassicRequestError(404, LOST_REASON);
    }
    const opened = this.#open(exchange, transport);
    if (attach) {
      attach(opened);
      return;
    }
    opened.write(encodeEnd(LOST_REASON));
    opened.end();
  }

  #open({ response }: Exchange, transport: 'serverSentEvents' | 'longPolling'): Transport {
    const { disconnectTimeoutMs } = this.#core.limits;
    return transport === 'longPolling'
      ? new LongPollTransport(response, disconnectTimeoutMs)
      : new EventStreamTransport(response, disconnectTimeoutMs);
  }
}

/** Returns the path that clients append actions to: this request's without its last segment. */
function baseUrlOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return path.slice(0, path.lastIndexOf('/'));
}
