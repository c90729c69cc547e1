import type { RecordingEvent } from '../model/recording-event.ts';
import { uccKey } from '../model/ucc.ts';
import type { Bus } from '../ports/bus.ts';
import type { EventHistory } from '../ports/event-store.ts';

export interface FollowAllOptions {
  /** Replays events after this number first; undefined begins with the next event. */
  readonly since?: number | undefined;
  /** Called for one event after the other; replay waits while its promise is pending. */
  deliver(event: RecordingEvent): void | Promise<void>;
  /** Called when the replay failed; the follower has stopped. */
  onError(cause: unknown): void;
}

export interface FollowOptions extends FollowAllOptions {
  readonly uccName: string;
}

/** A source of events, and the number that orders them. */
interface Source {
  numberOf(event: RecordingEvent): number;
  page(since: number): Promise<RecordingEvent[]>;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
}

export interface Follower {
  /** Resolves when the replay has reached the live events, has failed, or was stopped. */
  readonly caughtUp: Promise<void>;
  stop(): void;
}

type Listener = (event: RecordingEvent) => void;

const PAGE = 500;
/** Live events beyond this number during a replay are dropped and read from the store instead. */
const MAX_PENDING = 10_000;

/**
 * Follows events from any point of the past into the present, without a gap or a duplicate: one
 * UCC's by their sequence, or those of all UCCs by their position.
 */
export class EventFeed {
  readonly #bus: Bus;
  readonly #history: EventHistory;
  /** Indexed by UCC, so that an event costs only its own listeners. */
  readonly #ofUcc = new Map<string, Set<Listener>>();
  readonly #ofCall = new Map<string, Set<Listener>>();
  #stopListening: (() => void) | undefined;

  constructor(bus: Bus, history: EventHistory) {
    this.#bus = bus;
    this.#history = history;
  }

  /** Delivers every event of every UCC, as it is published. */
  live(listener: Listener): () => void {
    return this.#bus.subscribe(listener);
  }

  /** Delivers every event of the calls of that correlation id, as it is published. */
  liveOf(correlationId: string, listener: Listener): () => void {
    return this.#addTo(this.#ofCall, correlationId, listener);
  }

  /** Listeners to all events, such as the hub's broadcast, come first. */
  #addTo(index: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
    this.#stopListening ??= this.#bus.subscribe((event) => this.#publish(event));
    return addTo(index, key, listener);
  }

  /** Delivers to each listener; one that throws does not affect the others. */
  #publish(event: RecordingEvent): void {
    const failures: unknown[] = [];
    const listening = [this.#ofUcc.get(event.uccName), this.#ofCall.get(event.correlationId)];
    for (const listener of listening.flatMap((some) => [...(some ?? [])])) {
      try {
        listener(event);
      } catch (cause) {
        failures.push(cause);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Follows one UCC; `since` is a sequence number of the UCC. */
  follow(options: FollowOptions): Follower {
    const uccName = uccKey(options.uccName);
    return follow(options, {
      numberOf: ({ sequence }) => sequence,
      page: (since) => this.#history.events(uccName, since, PAGE),
      subscribe: (listener) => this.#addTo(this.#ofUcc, uccName, listener),
    });
  }

  /** Follows all UCCs by position: an event waits until all of lower positions are in effect. */
  followAll(options: FollowAllOptions): Follower {
    return follow(options, {
      numberOf: ({ position }) => position,
      page: (since) => this.#history.eventsInOrder(since, PAGE),
      subscribe: (listener) => this.#bus.subscribeInOrder(listener),
    });
  }
}

/** @returns a function that removes it again */
function addTo(index: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
  const listeners = index.get(key) ?? new Set();
  index.set(key, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && index.get(key) === listeners) index.delete(key);
  };
}

function follow(options: FollowAllOptions, { numberOf, page: read, subscribe }: Source): Follower {
  let replaying = options.since !== undefined;
  let last = options.since ?? 0;
  let stopped = false;
  let pending: RecordingEvent[] = [];
  let overflow = false;

  // A committed event may be read from the store before it is published: its number shows that.
  const deliverLive = (event: RecordingEvent): void => {
    if (numberOf(event) <= last || stopped) return;
    last = numberOf(event);
    void options.deliver(event);
  };
  const unsubscribe = subscribe((event) => {
    if (numberOf(event) <= last) return;
    if (!replaying) deliverLive(event);
    else if (pending.length < MAX_PENDING) pending.push(event);
    else overflow = true;
  });

  const replay = async (): Promise<void> => {
    for (;;) {
      const page = await read(last);
      for (const event of page) {
        if (stopped) return;
        await options.deliver(event);
        last = numberOf(event);
      }
      if (page.length === PAGE) continue;
      if (!overflow) break;
      overflow = false;
      pending = [];
    }
    // No awaits from here on: events published meanwhile come first, then live ones.
    for (const event of pending) deliverLive(event);
    pending = [];
    replaying = false;
  };

  const stop = (): void => {
    stopped = true;
    pending = [];
    unsubscribe();
  };
  // Without its past a follower is useless, and gets no more events.
  const fail = (cause: unknown): void => {
    if (!stopped) options.onError(cause);
    stop();
  };
  const caughtUp = replaying ? replay().catch(fail) : Promise.resolve();
  return { caughtUp, stop };
}
