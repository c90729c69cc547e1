import type { ClosingReason } from './gate-table.ts';

/**
 * What a stream is told at a point in its queue: it divides what reached the host before from what
 * comes after (`MediaSocket.afterArrived`).
 */
export const MarkerAction = { Shut: 1, Open: 2, Hold: 3, Release: 4 } as const;
export type MarkerAction = (typeof MarkerAction)[keyof typeof MarkerAction];

export interface Marker {
  /** Order number of the gate (`GateTable`); 0 for the client's own hold of one stream. */
  readonly order: number;
  readonly action: MarkerAction;
  readonly reason: ClosingReason;
  /**
   * Monotonic ms. Of a Shut: what arrived from then on is erased. Of an Open or a Release: when it
   * was asked for.
   */
  readonly atMs: number;
}

/** A marker for every stream of a call. */
export interface CallMarker {
  readonly callId: string;
  readonly marker: Marker;
}
