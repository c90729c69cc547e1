import type { Principal } from '../domain/access.ts';
import type { EventFeed } from '../domain/event-feed.ts';
import type { Ucc } from '../domain/ucc.ts';

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
  /** An idle long poll is answered after this; a quiet stream says something this often. */
  readonly longPollTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly aliases: HubAliases;
  /** Bytes that wait for one client; one that does not read is closed beyond this. */
  readonly maxBacklogBytes: number;
  ucc(name: string): Ucc | undefined;
  isOriginAllowed(origin: string, host: string | undefined): boolean;
  onError(cause: unknown): void;
}

/** A request below one of the hub's paths, as HTTP hands it over: body unread. */
export interface HubRequest {
  /** Lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Who was let in, on this path. */
  readonly principal: Principal;
}
