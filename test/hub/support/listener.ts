import type {
  recordingChangedPayload,
  stateChangedPayload,
} from '../../../src/hub/hub-contract.ts';

export type StateChanged = NonNullable<ReturnType<typeof stateChangedPayload>>;
export type RecordingChanged = ReturnType<typeof recordingChangedPayload>;

/** A source of events: a vendor's connection or a classic hub proxy. */
interface EventSource {
  on(event: string, listener: (...args: unknown[]) => unknown): unknown;
}

/** Collects the events of one client, in order. */
export class Heard<Event> {
  readonly events: Event[] = [];
  readonly #listeners: ((event: Event) => void)[] = [];
  readonly #waiting = new Set<() => void>();

  static on<Event>(source: EventSource, name: string): Heard<Event> {
    const heard = new Heard<Event>();
    source.on(name, (event) => heard.add(event as Event));
    return heard;
  }

  add(event: Event): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
    for (const look of this.#waiting) look();
  }

  onEach(listener: (event: Event) => void): void {
    for (const event of this.events) listener(event);
    this.#listeners.push(listener);
  }

  get count(): number {
    return this.events.length;
  }

  /** Resolves with the first `count` events, once there are that many. */
  async first(count: number): Promise<Event[]> {
    await this.until(() => this.events.length >= count);
    return this.events.slice(0, count);
  }

  /** Resolves with the first event, past or future, that matches. */
  async event(matches: (event: Event) => boolean): Promise<Event> {
    await this.until(() => this.events.some(matches));
    return this.events.find(matches) as Event;
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export function listenTo(source: EventSource) {
  return {
    state: Heard.on<StateChanged>(source, 'RecordingStateChangedEvent'),
    recording: Heard.on<RecordingChanged>(source, 'RecordingChanged'),
  };
}

export const hubPath = '/attendantservice/hubs/recording';
export const classicPath = '/attendantservice/signalr';
