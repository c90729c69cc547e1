import type { RecordingEvent } from '../domain/model/recording-event.ts';
import type { Bus } from '../domain/ports/bus.ts';

type Listener = (event: RecordingEvent) => void;

/**
 * Delivers within this process, in the order of publishing; a listener that throws does not affect
 * others.
 */
export class InProcessBus implements Bus {
  readonly #listeners = new Set<Listener>();
  readonly #listenersInOrder = new Set<Listener>();
  readonly #onError: (cause: unknown) => void;

  constructor(onError: (cause: unknown) => void) {
    this.#onError = onError;
  }

  publish(event: RecordingEvent): void {
    this.#deliver(this.#listeners, event);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publishInOrder(event: RecordingEvent): void {
    this.#deliver(this.#listenersInOrder, event);
  }

  subscribeInOrder(listener: Listener): () => void {
    this.#listenersInOrder.add(listener);
    return () => this.#listenersInOrder.delete(listener);
  }

  #deliver(listeners: ReadonlySet<Listener>, event: RecordingEvent): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (cause) {
        this.#onError(cause);
      }
    }
  }
}
