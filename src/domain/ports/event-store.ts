import type { CallRecord } from '../model/call-record.ts';
import type { RecordingEvent } from '../model/recording-event.ts';

/** Committed events from the store, in pages. */
export interface EventHistory {
  /** Events of the UCC with a sequence number above `since`, in their order, at most `limit`. */
  events(uccName: string, since: number, limit: number): Promise<RecordingEvent[]>;
  /** Events of all UCCs with a position above `since`, in their order, at most `limit`. */
  eventsInOrder(since: number, limit: number): Promise<RecordingEvent[]>;
}

/** Committed events as they are looked up. */
export interface EventStore extends EventHistory {
  /** The call's own, in their order. */
  eventsOf(call: CallRecord): Promise<RecordingEvent[]>;
  /** The highest sequence number per UCC. */
  lastSequences(): Promise<Map<string, number>>;
  /** The highest position of all; 0 where there is no event. */
  lastPosition(): Promise<number>;
  /** Of the UCC's last event at or before that position; 0 where there is none. */
  sequenceAt(uccName: string, position: number): Promise<number>;
  /** Of the UCC's first event behind that sequence number; undefined where there is none. */
  positionAfter(uccName: string, sequence: number): Promise<number | undefined>;
}

/** What a commit whose answer was lost may have written, and is not to be there. */
export interface Doubtful {
  readonly events: readonly Pick<RecordingEvent, 'uccName' | 'sequence' | 'callId'>[];
  /** The id of a call that such a commit would have begun. */
  readonly neverBegan?: string | undefined;
}
