import type { EventFeed } from '../domain/event/event-feed.ts';
import type { Caller, Principal } from '../domain/model/principal.ts';
import type { Ucc } from '../domain/model/ucc.ts';

/** Names that classic clients use for the hub, whose name was never public, and their paths. */
export interface HubAliases {
  /** Empty: any name is accepted. */
  readonly names: readonly string[];
  /** Further base paths: `/signalr`. */
  readonly paths: readonly string[];
}

export interface RecordingHubOptions {
  readonly feed: EventFeed;
  readonly maxConnections: number;
  /** By default, the defaults of the settings. */
  readonly subscriptions?: SubscriptionLimits;
  /**
   * An idle long poll is answered after the first; a quiet stream sends a keep-alive each second.
   */
  readonly longPollTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly aliases: HubAliases;
  /** Bytes waiting for one client; a client that does not read is closed beyond this. */
  readonly maxBacklogBytes: number;
  ucc(name: string): Ucc | undefined;
  /** Audits, before the answer, that the caller listens to events about people. */
  auditRead(caller: Caller, what: HubRead): Promise<void>;
  /** Audits that the caller requested something hidden from it. */
  auditDenied(caller: Caller, what: HubRead): Promise<void>;
  isOriginAllowed(origin: string, host: string | undefined): boolean;
  /** Returns true if a bearer's account is unchanged since it connected. */
  isCurrent(principal: Principal): boolean;
  onError(cause: unknown): void;
}

/** A subscription, for the audit log. */
export interface HubRead {
  readonly action: string;
  readonly uccName?: string;
  readonly correlationId?: string;
}

/** A request below one of the hub's paths as HTTP passes it on, with its body unread. */
export interface HubRequest {
  /** Path in lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The caller admitted on this path. */
  readonly caller: Caller;
}

export interface SubscriptionLimits {
  /** Subscriptions of one client, per kind. */
  readonly maxSubscriptionsPerConnection: number;
  /** Subscriptions of all clients, whichever SignalR they speak. */
  readonly maxSubscriptions: number;
}
