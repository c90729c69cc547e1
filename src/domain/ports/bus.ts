import type { RecordingEvent } from '../model/recording-event.ts';

export interface Bus {
  /** Publishes an event that is in effect: one UCC's events leave in sequence order. */
  publish(event: RecordingEvent): void;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
  /** Publishes the same events again, those of all UCCs in position order. */
  publishInOrder(event: RecordingEvent): void;
  subscribeInOrder(listener: (event: RecordingEvent) => void): () => void;
}
