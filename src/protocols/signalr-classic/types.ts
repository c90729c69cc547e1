/** The last path segment of a request, without the slash: the requested action. */
export type ClassicAction =
  | 'negotiate'
  | 'connect'
  | 'start'
  | 'ping'
  | 'poll'
  | 'reconnect'
  | 'send'
  | 'abort'
  | 'hubs';

/** The transports served; `foreverFrame` is not (it only served Internet Explorer). */
export type TransportName = 'webSockets' | 'serverSentEvents' | 'longPolling';

/** The owner's knowledge of a request once it has routed and authenticated it. */
export interface ClassicContext {
  readonly action: ClassicAction;
  readonly query: URLSearchParams;
  /** The request's user; `userKey` in the options tells users apart. */
  readonly user: unknown;
  /** The form body, if the owner has already read it; otherwise it is read from the request. */
  readonly body?: string | undefined;
}

/**
 * A client that stays the same across reconnects. It outlives its sockets: only an abort, `close()`
 * or `disconnectTimeoutMs` without a transport ends it.
 */
export interface ClassicConnection {
  /** The public ConnectionId of the negotiation; knowing it gives no access. */
  readonly id: string;
  readonly user: unknown;
  /** Free for the owner's own data on this connection. */
  readonly items: Map<unknown, unknown>;
  /** Names of the groups in the groups token `G` that the client last got, signed. */
  readonly groups: readonly string[];
  setGroups(names: readonly string[]): void;
  /**
   * Invokes a client method. Nothing is sent for a hub that the client has not subscribed to, as in
   * the original server: its JavaScript client throws on a hub it has no proxy for.
   */
  send(hub: string, method: string, args: readonly unknown[]): void;
  /** Tells the client that it is disconnected, and ends the connection. May be called twice. */
  close(): void;
}

export type HubMethod = (
  connection: ClassicConnection,
  args: readonly unknown[],
) => unknown | Promise<unknown>;

export interface HubDefinition {
  /** By the name shown in the proxy script, which begins with a lower-case letter. */
  readonly methods: Readonly<Record<string, HubMethod>>;
  /** Client methods the hub invokes; declared for the proxy script. */
  readonly events?: readonly string[];
}
