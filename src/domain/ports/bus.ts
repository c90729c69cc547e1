import type { RecordingEvent } from '../model/recording-event.ts';

export interface Bus {
  /** In effect: events of one UCC leave in the order of their sequence. */
  publish(event: RecordingEvent): void;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
  /** The same events once more, those of all UCCs in the order of their position. */
  publishInOrder(event: RecordingEvent): void;
  subscribeInOrder(listener: (event: RecordingEvent) => void): () => void;
}
