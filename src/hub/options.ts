import type { Principal } from '../domain/access.ts';
import type { EventFeed } from '../domain/event-feed.ts';
import type { Ucc } from '../domain/ucc.ts';

export interface RecordingHubOptions {
  readonly feed: EventFeed;
  readonly maxConnections: number;
  /** Bytes that wait for one client; one that does not read is closed beyond this. */
  readonly maxBacklogBytes: number;
  ucc(name: string): Ucc | undefined;
  isOriginAllowed(origin: string, host: string | undefined): boolean;
  /** Whether a bearer is still who it was when it connected. */
  isCurrent(principal: Principal): boolean;
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
