import type { RecordingEvent } from '../model/recording-event.ts';
import { uccKey } from '../model/ucc.ts';
import type { Bus } from '../ports/bus.ts';
import type { EventHistory } from '../ports/event-store.ts';

export interface FollowAllOptions {
  /** Replay what came after this number first; undefined begins with what comes next. */
  readonly since?: number | undefined;
  /** Called for one event after the other; while its promise is pending, replay waits. */
  deliver(event: RecordingEvent): void | Promise<void>;
  /** The replay failed; the follower has stopped. */
  onError(cause: unknown): void;
}

export interface FollowOptions extends FollowAllOptions {
  readonly uccName: string;
}

/** Where events come from, and the number that orders them. */
interface Source {
  numberOf(event: RecordingEvent): number;
  page(since: number): Promise<RecordingEvent[]>;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
}

export interface Follower {
  /** Resolves when the replay has caught up with what is live, or has failed, or was stopped. */
  readonly caughtUp: Promise<void>;
  stop(): void;
}

type Listener = (event: RecordingEvent) => void;

const PAGE = 500;
/** More live events than this during a replay are forgotten and read from the store instead. */
const MAX_PENDING = 10_000;

/**
 * Follows events from any point of the past into the present, without a gap or a duplicate: one
 * UCC's by their sequence, or those of all UCCs by their position.
 */
export class EventFeed {
  readonly #bus: Bus;
  readonly #history: EventHistory;
  /** An event costs what they cost who hear it, however many others listen. */
  readonly #ofUcc = new Map<string, Set<Listener>>();
  readonly #ofCall = new Map<string, Set<Listener>>();
  #stopListening: (() => void) | undefined;

  constructor(bus: Bus, history: EventHistory) {
    this.#bus = bus;
    this.#history = history;
  }

  /** Every event of every UCC, as it is published. */
  live(listener: Listener): () => void {
    return this.#bus.subscribe(listener);
  }

  /** Every event of the calls of that correlation id, as it is published. */
  liveOf(correlationId: string, listener: Listener): () => void {
    return this.#addTo(this.#ofCall, correlationId, listener);
  }

  /** Whoever hears every event, such as the hub's broadcast, hears it first. */
  #addTo(index: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
    this.#stopListening ??= this.#bus.subscribe((event) => this.#publish(event));
    return addTo(index, key, listener);
  }

  /** One that throws keeps no other from hearing it. */
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

  /** `since` is a sequence number of the UCC. */
  follow(options: FollowOptions): Follower {
    const uccName = uccKey(options.uccName);
    return follow(options, {
      numberOf: ({ sequence }) => sequence,
      page: (since) => this.#history.events(uccName, since, PAGE),
      subscribe: (listener) => this.#addTo(this.#ofUcc, uccName, listener),
    });
  }

  /** `since` is a position: an event waits until all of lower positions are in effect. */
  followAll(options: FollowAllOptions): Follower {
    return follow(options, {
      numberOf: ({ position }) => position,
      page: (since) => this.#history.eventsInOrder(since, PAGE),
      subscribe: (listener) => this.#bus.subscribeInOrder(listener),
    });
  }
}

/** @returns what takes it out again */
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

  // A committed event may be read from the store before it is published: the number tells.
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
    // From here on nothing is awaited: what was published meanwhile, then what is live.
    for (const event of pending) deliverLive(event);
    pending = [];
    replaying = false;
  };

  const stop = (): void => {
    stopped = true;
    pending = [];
    unsubscribe();
  };
  // Without its past a follower is of no use: it hears nothing more.
  const fail = (cause: unknown): void => {
    if (!stopped) options.onError(cause);
    stop();
  };
  const caughtUp = replaying ? replay().catch(fail) : Promise.resolve();
  return { caughtUp, stop };
}
