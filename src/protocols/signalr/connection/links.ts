import { HttpError } from '../wire/http.ts';
import { Link } from '../wire/link.ts';
import { queryValue } from '../wire/negotiate.ts';
import type { TransportName } from '../wire/wire.ts';
import { type ConnectionHost, ServerConnection } from './connection.ts';

/** The caller, and the query that holds the token. */
export interface LinkRequest {
  readonly query: URLSearchParams;
  readonly user: unknown;
}

export interface NewLink {
  readonly user: unknown;
  readonly tokenIsId: boolean;
  readonly statefulReconnect: boolean;
}

/** All links by their token, bounded; throws HttpError for a request that may not use one. */
export class Links {
  readonly #host: ConnectionHost;
  readonly #byToken = new Map<string, Link>();
  #stopped = false;

  constructor(host: ConnectionHost) {
    this.#host = host;
  }

  get hasRoom(): boolean {
    return !this.#stopped && this.#byToken.size < this.#host.settings.maxConnections;
  }

  all(): readonly Link[] {
    return [...this.#byToken.values()];
  }

  /** Accepts no further links. */
  stop(): void {
    this.#stopped = true;
  }

  /** Opens a link; the caller has checked that there is room. */
  open(options: NewLink): Link {
    const { disconnectTimeoutMs, closeTimeoutMs, maxMessageBytes } = this.#host.settings;
    const link = new Link({
      ...options,
      disconnectTimeoutMs,
      closeTimeoutMs,
      maxEarlyBytes: maxMessageBytes,
      expiresAt: (user) => this.#host.settings.expiresAt(user),
      onEnded: (ended) => this.#byToken.delete(ended.token),
    });
    link.handler = new ServerConnection(link, this.#host);
    this.#byToken.set(link.token, link);
    return link;
  }

  /** Finds a link by its token, the secret that makes a connection the client's own. */
  find({ query, user }: LinkRequest): Link {
    const token = queryValue(query, 'id');
    if (token === undefined || token === '') throw new HttpError(400, 'Connection ID required.');
    const link = this.#byToken.get(token);
    if (link === undefined) throw unknownConnection();
    if (!this.#host.settings.isSameUser(link.user, user)) {
      throw new HttpError(403, 'This connection belongs to another user.');
    }
    return link;
  }

  /** Finds a link whose transport its first request chose for good. */
  findFor(transport: TransportName, request: LinkRequest): Link {
    const link = this.find(request);
    this.#requireTransport(transport);
    if (link.transport !== undefined && link.transport !== transport) {
      throw new HttpError(400, 'Cannot change the transport of a connection.');
    }
    return link;
  }

  /**
   * Finds a link, or without id makes one, for clients that skip negotiation, but only when the
   * upgrade has succeeded.
   */
  findForUpgrade(request: LinkRequest): () => Link {
    if (queryValue(request.query, 'id') === undefined) {
      this.#requireTransport('WebSockets');
      if (!this.hasRoom) throw new HttpError(503, 'The server takes no more connections.');
      return () => this.open({ user: request.user, tokenIsId: false, statefulReconnect: false });
    }
    const link = this.findFor('WebSockets', request);
    if (link.wire !== undefined && link.handler?.isResumable !== true) {
      throw new HttpError(409, 'There is a WebSocket already.');
    }
    return () => link;
  }

  #requireTransport(transport: TransportName): void {
    if (!this.#host.settings.transports.includes(transport)) {
      throw new HttpError(404, `${transport} is disabled.`);
    }
  }
}

export function unknownConnection(): HttpError {
  return new HttpError(404, 'No Connection with that ID.');
}
