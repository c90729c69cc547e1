import type { Bus, RecordingEvent } from '../domain/events.ts';

/**
 * Delivers within this process, in the order of publishing; a listener that throws harms no other.
 */
export class InProcessBus implements Bus {
  readonly #listeners = new Set<(event: RecordingEvent) => void>();
  readonly #onError: (cause: unknown) => void;

  constructor(onError: (cause: unknown) => void) {
    this.#onError = onError;
  }

  publish(event: RecordingEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (cause) {
        this.#onError(cause);
      }
    }
  }

  subscribe(listener: (event: RecordingEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
