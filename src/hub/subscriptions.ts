import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventFeed, Follower } from '../domain/event/event-feed.ts';
import { parseGuid } from '../domain/identifiers/correlation-id.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';
import { uccKey } from '../domain/model/ucc.ts';
import type { HubMethodName } from './hub-contract.ts';
import type { HubRead, SubscriptionLimits } from './options.ts';

/** Events that a replay sends before others get a turn. */
const REPLAY_BURST = 100;

/** An invalid call; the message is for the client. */
export class SubscriptionError extends Error {
  override readonly name = 'SubscriptionError';
}

const usualLimits: SubscriptionLimits = {
  maxSubscriptionsPerConnection: 1_000,
  maxSubscriptions: 100_000,
};

/** The subscriptions of all clients together. */
export class SubscriptionRoom {
  readonly limits: SubscriptionLimits;
  taken = 0;

  constructor(limits: SubscriptionLimits = usualLimits) {
    this.limits = limits;
  }
}

export interface SubscriptionOptions {
  readonly room: SubscriptionRoom;
  readonly feed: EventFeed;
  /** Returns true if the client sees the UCC at this moment. */
  sees(uccName: string): boolean;
  /** Audits a subscription before any event of it is sent. */
  audit(what: HubRead): Promise<void>;
  /** Audits a request for a UCC that the client does not see, whether it exists or not. */
  auditDenied(what: HubRead & { readonly uccName: string }): Promise<void>;
  /**
   * Sends an event; a replay awaits the promise, if there is one: the client may be slower than the
   * store.
   */
  send(event: RecordingEvent): void | Promise<void>;
}

/** The subscriptions of one client, whichever SignalR it speaks. */
export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #uccs = new Map<string, Follower>();
  readonly #calls = new Map<string, () => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the replay, if one was requested, has been sent. Subscribing again starts anew.
   */
  async subscribe(uccName: unknown, sinceSequence: unknown): Promise<void> {
    const name = await this.#knownUcc('Subscribe', uccName);
    const since = sequenceOf(sinceSequence);
    let failure: unknown;
    const follower = await this.#inTurn(async () => {
      await this.#onRecord({ action: 'Subscribe', uccName: name });
      this.#forgetUcc(name);
      this.#checkRoom(this.#uccs.size);
      return this.#follow(name, since, (cause) => {
        failure = cause;
      });
    });
    await follower.caughtUp;
    if (failure === undefined) return;
    if (this.#uccs.get(name) === follower) this.#forgetUcc(name);
    throw failure;
  }

  async unsubscribe(uccName: unknown): Promise<void> {
    const name = await this.#knownUcc('Unsubscribe', uccName);
    await this.#inTurn(async () => this.#forgetUcc(name));
  }

  async subscribeCall(correlationId: unknown): Promise<void> {
    const id = typeof correlationId === 'string' ? parseGuid(correlationId) : undefined;
    if (id === undefined) throw new SubscriptionError('The correlation id is no GUID.');
    if (this.#calls.has(id)) return;
    this.#checkRoom(this.#calls.size);
    await this.#onRecord({ action: 'SubscribeCall', correlationId: id });
    // A concurrent request, or one beyond the limit.
    if (this.#calls.has(id)) return;
    this.#checkRoom(this.#calls.size);
    const stop = this.#options.feed.liveOf(id, (event) => {
      if (!this.#options.sees(event.uccName)) return;
      // A client that follows the whole UCC has the event already.
      if (!this.#uccs.has(event.uccName)) {
        void this.#options.send(event);
      }
    });
    this.#calls.set(id, stop);
    this.#options.room.taken += 1;
  }

  close(): void {
    this.#closed = true;
    for (const follower of this.#uccs.values()) follower.stop();
    for (const stop of this.#calls.values()) stop();
    this.#options.room.taken -= this.#uccs.size + this.#calls.size;
    this.#uccs.clear();
    this.#calls.clear();
  }

  #follow(uccName: string, since: number | undefined, onError: (cause: unknown) => void): Follower {
    let burst = 0;
    const follower = this.#options.feed.follow({
      uccName,
      since,
      onError,
      deliver: (event) => {
        if (!this.#options.sees(event.uccName)) return undefined;
        const drained = this.#options.send(event);
        burst = (burst + 1) % REPLAY_BURST;
        return drained ?? (burst === 0 ? nextTurn() : undefined);
      },
    });
    this.#uccs.set(uccName, follower);
    this.#options.room.taken += 1;
    return follower;
  }

  /** @throws SubscriptionError if the client has left meanwhile */
  async #onRecord(what: HubRead): Promise<void> {
    await this.#options.audit(what);
    if (this.#closed) throw new SubscriptionError('The connection is closed.');
  }

  /** Runs a client's requests in their order. */
  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #forgetUcc(name: string): void {
    this.#uccs.get(name)?.stop();
    if (this.#uccs.delete(name)) this.#options.room.taken -= 1;
  }

  async #knownUcc(action: HubMethodName, uccName: unknown): Promise<string> {
    const isText = typeof uccName === 'string';
    if (isText && this.#options.sees(uccName)) return uccKey(uccName);
    if (isText) await this.#options.auditDenied({ action, uccName });
    throw new SubscriptionError('The UCC was not recognized.');
  }

  #checkRoom(size: number): void {
    const { taken, limits } = this.#options.room;
    if (size >= limits.maxSubscriptionsPerConnection || taken >= limits.maxSubscriptions) {
      throw new SubscriptionError('Too many subscriptions.');
    }
  }
}

function sequenceOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const sequence = typeof value === 'bigint' ? Number(value) : value;
  if (typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0) {
    return sequence;
  }
  throw new SubscriptionError('sinceSequence is no sequence number.');
}

/** Passes the message of a SubscriptionError to the client; other errors stay here. */
export async function runForClient(
  method: () => void | Promise<void>,
  ErrorForClient: new (message: string) => Error,
): Promise<void> {
  try {
    await method();
  } catch (cause) {
    throw cause instanceof SubscriptionError ? new ErrorForClient(cause.message) : cause;
  }
}
