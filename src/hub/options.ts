import type { EventFeed } from '../domain/event/event-feed.ts';
import type { Caller, Principal } from '../domain/model/principal.ts';
import type { Ucc } from '../domain/model/ucc.ts';

/** What classic clients call the hub, whose name was never public, and where they look for it. */
export interface HubAliases {
  /** Empty: any name is taken. */
  readonly names: readonly string[];
  /** Further base paths: `/signalr`. */
  readonly paths: readonly string[];
}

export interface RecordingHubOptions {
  readonly feed: EventFeed;
  readonly maxConnections: number;
  /** Left out: the defaults of the settings. */
  readonly subscriptions?: SubscriptionLimits;
  /** An idle long poll is answered after this; a quiet stream says something this often. */
  readonly longPollTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly aliases: HubAliases;
  /** Bytes that wait for one client; one that does not read is closed beyond this. */
  readonly maxBacklogBytes: number;
  ucc(name: string): Ucc | undefined;
  /** On record before it is answered: the caller listens to what tells of people. */
  auditRead(caller: Caller, what: HubRead): Promise<void>;
  /** The caller asked for what is there, and is hidden from it. */
  auditDenied(caller: Caller, what: HubRead): Promise<void>;
  isOriginAllowed(origin: string, host: string | undefined): boolean;
  /** Whether a bearer is still who it was when it connected. */
  isCurrent(principal: Principal): boolean;
  onError(cause: unknown): void;
}

/** What a client listens to from now on. */
export interface HubRead {
  readonly action: string;
  readonly uccName?: string;
  readonly correlationId?: string;
}

/** A request below one of the hub's paths, as HTTP hands it over: body unread. */
export interface HubRequest {
  /** Lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Who was let in, on this path. */
  readonly caller: Caller;
}

export interface SubscriptionLimits {
  /** Of either kind, for one client. */
  readonly maxSubscriptionsPerConnection: number;
  /** Of all clients, whichever SignalR they speak. */
  readonly maxSubscriptions: number;
}
