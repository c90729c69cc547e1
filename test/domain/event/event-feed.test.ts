import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../../src/bus/in-process.ts';
import { EventFeed, type Follower } from '../../../src/domain/event/event-feed.ts';
import type { RecordingEvent } from '../../../src/domain/model/recording-event.ts';
import { eventOf } from '../support.ts';

const numbers = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i);

/** A store whose reads are answered when the test says so, and a bus beside it. */
class World {
  readonly committed: RecordingEvent[] = [];
  readonly errors: unknown[] = [];
  readonly bus = new InProcessBus((cause) => this.errors.push(cause));
  readonly feed = new EventFeed(this.bus, {
    events: (uccName, since, limit) =>
      this.#ask((event) => event.uccName === uccName && event.sequence > since, limit),
    eventsInOrder: (since, limit) => this.#ask(({ position }) => position > since, limit),
  });
  slow = false;
  #published = 0;
  readonly #reads: Read[] = [];

  commit(uccName = 'ucc'): void {
    const before = this.committed.filter((event) => event.uccName === uccName).length;
    this.committed.push(eventOf(before + 1, uccName, this.committed.length + 1));
  }

  #ask(isAskedFor: (event: RecordingEvent) => boolean, limit: number): Promise<RecordingEvent[]> {
    const read = () => this.committed.filter(isAskedFor).slice(0, limit);
    if (!this.slow) return Promise.resolve(read());
    return new Promise((resolve, reject) => this.#reads.push({ read, resolve, reject }));
  }

  /** The oldest event that is committed and not published. */
  publish(): void {
    const event = this.committed[this.#published];
    if (!event) return;
    this.#published += 1;
    this.bus.publish(event);
    this.bus.publishInOrder(event);
  }

  publishAll(): void {
    while (this.#published < this.committed.length) this.publish();
  }

  /** Reads see what is committed at this moment. */
  async answerRead(failure?: Error): Promise<void> {
    const read = this.#reads.shift();
    if (failure) read?.reject(failure);
    else read?.resolve(read.read());
    await nextTurn();
  }

  async answerAll(): Promise<void> {
    this.slow = false;
    while (this.#reads.length > 0) await this.answerRead();
  }

  follow(since?: number, uccName = 'ucc'): Reader {
    const heard: number[] = [];
    const follower = this.feed.follow({
      ...{ uccName, since },
      deliver: ({ sequence }) => void heard.push(sequence),
      onError: (cause) => this.errors.push(cause),
    });
    return { heard, follower };
  }

  followAll(since?: number): Reader {
    const heard: number[] = [];
    const follower = this.feed.followAll({
      since,
      deliver: ({ position }) => void heard.push(position),
      onError: (cause) => this.errors.push(cause),
    });
    return { heard, follower };
  }
}

interface Read {
  read(): RecordingEvent[];
  resolve(events: RecordingEvent[]): void;
  reject(cause: Error): void;
}

interface Reader {
  readonly heard: number[];
  readonly follower: Follower;
}

describe('a follower', () => {
  it('gets events of its own UCC only, in any spelling, from now on', () => {
    const world = new World();
    world.commit();
    world.publishAll();
    const { heard, follower } = world.follow(undefined, 'UCC');
    world.commit('other');
    world.commit();
    world.publishAll();
    expect(heard).toEqual([2]);
    follower.stop();
    follower.stop();
    world.commit();
    world.publishAll();
    expect(heard).toEqual([2]);
  });

  it('reads a long past in pages', async () => {
    const world = new World();
    for (let count = 0; count < 1_234; count += 1) world.commit();
    world.publishAll();
    const { heard, follower } = world.follow(200);
    await follower.caughtUp;
    expect(heard).toEqual(numbers(201, 1_034));
  });

  it('gets an event once that was published after it had been read from the store', async () => {
    const world = new World();
    world.commit();
    world.commit();
    world.publish();
    const { heard, follower } = world.follow(0);
    await follower.caughtUp;
    world.publish();
    world.commit();
    world.publish();
    expect(heard).toEqual([1, 2, 3]);
  });

  it('drops live events beyond a bound during a replay, and reads them again', async () => {
    const world = new World();
    world.slow = true;
    world.commit();
    world.publish();
    const { heard, follower } = world.follow(0);
    const stale = [...world.committed];
    for (let count = 0; count < 10_500; count += 1) world.commit();
    world.publishAll();
    // The first read was answered before all this.
    const all = world.committed.splice(0, world.committed.length, ...stale);
    await world.answerRead();
    world.committed.splice(0, world.committed.length, ...all);
    await world.answerAll();
    await follower.caughtUp;
    expect(heard).toEqual(numbers(1, 10_501));
  });

  it('waits for its reader during a replay', async () => {
    const world = new World();
    for (let count = 0; count < 3; count += 1) world.commit();
    const heard: number[] = [];
    const gate = Promise.withResolvers<void>();
    const { caughtUp } = world.feed.follow({
      ...{ uccName: 'ucc', since: 0 },
      deliver({ sequence }) {
        heard.push(sequence);
        return sequence === 2 ? gate.promise : undefined;
      },
      onError: () => undefined,
    });
    await nextTurn();
    expect(heard).toEqual([1, 2]);
    gate.resolve();
    await caughtUp;
    expect(heard).toEqual([1, 2, 3]);
  });

  it('reports an error and stops when its past cannot be read', async () => {
    const world = new World();
    world.slow = true;
    const { heard, follower } = world.follow(0);
    const failure = new Error('no store');
    await world.answerRead(failure);
    await follower.caughtUp;
    expect(world.errors).toEqual([failure]);
    world.commit();
    world.publishAll();
    expect(heard).toEqual([]);
  });

  it('gets nothing after it was stopped in the middle of a replay', async () => {
    const world = new World();
    world.slow = true;
    world.commit();
    const { heard, follower } = world.follow(0);
    follower.stop();
    await world.answerAll();
    await follower.caughtUp;
    world.publishAll();
    expect(heard).toEqual([]);
  });
});

it('each follower gets each event once, in order, in every interleaving', async () => {
  const step = fc.constantFrom('commit', 'publish', 'follow', 'answer', 'slow', 'other', 'turn');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.nat(5), async (steps, since) => {
      const world = new World();
      const readers: Reader[] = [];
      const ofAll: Reader[] = [];
      for (const one of steps) {
        if (one === 'commit') world.commit();
        else if (one === 'other') world.commit('other');
        else if (one === 'publish') world.publish();
        else if (one === 'follow') {
          readers.push(world.follow(since));
          ofAll.push(world.followAll(since));
        } else if (one === 'answer') await world.answerRead();
        else if (one === 'slow') world.slow = !world.slow;
        else await nextTurn();
      }
      await world.answerAll();
      world.publishAll();
      await Promise.all([...readers, ...ofAll].map(({ follower }) => follower.caughtUp));
      const last = world.committed.filter(({ uccName }) => uccName === 'ucc').length;
      const wanted = numbers(since + 1, Math.max(0, last - since));
      for (const { heard } of readers) expect(heard).toEqual(wanted);
      const all = numbers(since + 1, Math.max(0, world.committed.length - since));
      for (const { heard } of ofAll) expect(heard).toEqual(all);
      expect(world.errors).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
