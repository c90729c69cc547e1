/**
 * Times when a stream was there, and when its client held it: durable, so that every process
 * expects the same of it. Times are Unix ms.
 */
export interface StreamPresence {
  readonly openedAt: number;
  /** Null while it is open, and where its call ended with its process. */
  readonly closedAt: number | null;
  readonly holds: readonly StreamHold[];
}

export interface StreamHold {
  readonly from: number;
  readonly until: number | null;
}
