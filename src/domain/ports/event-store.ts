import type { CallRecord } from '../model/call-record.ts';
import type { RecordingEvent } from '../model/recording-event.ts';

/** Committed events from the store, in pages. */
export interface EventHistory {
  /** Returns events of the UCC with a sequence number above `since`, in order, at most `limit`. */
  events(uccName: string, since: number, limit: number): Promise<RecordingEvent[]>;
  /** Returns events of all UCCs with a position above `since`, in order, at most `limit`. */
  eventsInOrder(since: number, limit: number): Promise<RecordingEvent[]>;
}

/** Look-ups of committed events. */
export interface EventStore extends EventHistory {
  /** Returns the call's own events, in order. */
  eventsOf(call: CallRecord): Promise<RecordingEvent[]>;
  /** Returns the highest sequence number per UCC. */
  lastSequences(): Promise<Map<string, number>>;
  /** Returns the highest position of all; 0 where there is no event. */
  lastPosition(): Promise<number>;
  /** Returns the sequence of the UCC's last event at or before that position; 0 without one. */
  sequenceAt(uccName: string, position: number): Promise<number>;
  /** Returns the position of the UCC's first event after that sequence number, or undefined. */
  positionAfter(uccName: string, sequence: number): Promise<number | undefined>;
}

/** Rows that a commit of unknown outcome may have written, and that must be removed. */
export interface Doubtful {
  readonly events: readonly Pick<RecordingEvent, 'uccName' | 'sequence' | 'callId'>[];
  /** The id of a call that such a commit would have begun. */
  readonly neverBegan?: string | undefined;
}
