import type { EventHistory } from './event-feed.ts';
import type { RecordingEvent } from './events.ts';
import type { CallRecord } from './records.ts';

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
