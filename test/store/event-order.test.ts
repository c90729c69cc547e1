import { setImmediate as nextTurn } from 'node:timers/promises';
import { Migrator } from 'kysely/migration';
import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { Call } from '../../src/domain/call/call.ts';
import { Journal } from '../../src/domain/call/journal.ts';
import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';
import { migrations } from '../../src/store/schema/migrate.ts';
import { SqlStore } from '../../src/store/store.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, anEvent } from './samples.ts';

describe.each(databaseKinds)('the order of events across UCCs on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  const clock = { now: () => 1_700_000_000_000 };

  it('is paged by position, and maps to sequence numbers and back', async () => {
    const { store } = fixture;
    expect(await store.lastPosition()).toBe(0);
    const [sales, support] = [aCall({ uccName: 'sales' }), aCall({ uccName: 'support' })];
    const events = [
      anEvent(sales, 1, 1),
      anEvent(support, 1, 2),
      anEvent(support, 2, 3),
      anEvent(sales, 2, 5),
      anEvent(support, 3, 2 ** 40),
    ];
    for (const event of [...events].reverse()) await store.commit({ event });
    expect(await store.eventsInOrder(0, 10)).toEqual(events);
    expect(await store.eventsInOrder(2, 2)).toEqual(events.slice(2, 4));
    expect(await store.lastPosition()).toBe(2 ** 40);
    const at = (ucc: string, position: number) => store.sequenceAt(ucc, position);
    expect([await at('sales', 4), await at('sales', 5), await at('support', 1)]).toEqual([1, 2, 0]);
    const positionAfter = (ucc: string, sequence: number) => store.positionAfter(ucc, sequence);
    expect([await positionAfter('sales', 1), await positionAfter('sales', 2)]).toEqual([
      5,
      undefined,
    ]);
    expect([await positionAfter('support', 0), await positionAfter('nobody', 0)]).toEqual([
      2,
      undefined,
    ]);
  });

  it('follows commits: no event appears before one that a reader has seen', async () => {
    const { store } = fixture;
    const published: RecordingEvent[] = [];
    const bus = new InProcessBus(() => undefined);
    bus.subscribeInOrder((event) => published.push(event));
    const journal = new Journal({ store, bus, clock });
    await journal.load();
    const calls = Array.from(
      { length: 20 },
      (_, n) => new Call(aCall({ uccName: `ucc-${n % 5}` })),
    );
    let isDone = false;
    const seen: number[][] = [];
    const reading = (async () => {
      while (!isDone) {
        seen.push((await store.eventsInOrder(0, 10_000)).map(({ position }) => position));
        await nextTurn();
      }
    })();
    const writing = calls.map(async (call) => {
      for (let count = 0; count < 15; count += 1) {
        const entry = { type: 'callUpdated', record: call.restated() } as const;
        // Some take effect later than they are committed, as a Start does.
        const event = await journal.commit(call, entry);
        if (count % 3 === 0) await nextTurn();
        journal.publish(event);
      }
    });
    await Promise.all(writing);
    isDone = true;
    await reading;
    // Each commit of a call is an event of every UCC of its dialogue.
    const count = published.length;
    expect(count).toBeGreaterThanOrEqual(300);
    const all = Array.from({ length: count }, (_, n) => n + 1);
    for (const positions of seen) expect(positions).toEqual(all.slice(0, positions.length));
    expect(published.map(({ position }) => position)).toEqual(all);
    expect(journal.publishedThrough).toBe(count);
    // The next process continues after them.
    const next = new Journal({ store, bus, clock });
    await next.load();
    expect(next.publishedThrough).toBe(count);
    const [call] = calls;
    if (!call) throw new Error('no call');
    const event = await next.record(call, { type: 'callUpdated', record: call.restated() });
    expect(event.position).toBe(count + 1);
  });

  it('waits for committed events not yet in effect, and for none that failed', async () => {
    const { store } = fixture;
    const heard: number[] = [];
    const bus = new InProcessBus(() => undefined);
    bus.subscribeInOrder(({ position }) => heard.push(position));
    let fails = false;
    const failing = new Proxy(store, {
      get: (target, name) => {
        if (name === 'commit' && fails) return () => Promise.reject(new Error('no disk'));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const journal = new Journal({ store: failing, bus, clock });
    // Calls whose dialogue has one UCC only.
    const callOf = (uccName: string) => {
      const record = aCall({ uccName });
      const dialogue = { ...record.dialogue, uccs: [uccName], ruledBy: [uccName] };
      return new Call({ ...record, dialogue });
    };
    const [one, other] = [callOf('one'), callOf('other')];
    const next = (call: Call) => ({ type: 'callUpdated', record: call.restated() }) as const;
    const start = await journal.commit(one, next(one));
    await journal.record(other, next(other));
    expect(heard).toEqual([]);
    expect(journal.publishedThrough).toBe(0);
    journal.publish(start);
    expect(heard).toEqual([1, 2]);
    fails = true;
    await expect(journal.record(one, next(one))).rejects.toThrow('no disk');
    fails = false;
    // A position without an event is no place for a reader to begin.
    expect(journal.publishedThrough).toBe(2);
    await journal.record(other, next(other));
    expect(heard).toEqual([1, 2, 4]);
  });

  it('is assigned to the events of an older release, each UCC in its own order', async () => {
    const server = await kind.start();
    try {
      const empty = await server.empty();
      const old = empty.connect();
      const provider = { getMigrations: async () => migrations };
      await new Migrator({ db: old.kysely, provider }).migrateTo('0013-metadata');
      const event = (ucc_name: string, sequence: number, at: number) => ({
        ucc_name,
        sequence,
        at,
        type: 'callBegan',
        call_id: 'c',
        correlation_id: 'i',
        recording_state: 1,
        marking_state: 0,
        saving_state: 0,
      });
      // A clock set back within a UCC does not change its order.
      const rows = [event('a', 1, 50), event('a', 2, 10), event('a', 3, 60)];
      rows.push(event('b', 1, 20), event('b', 2, 55));
      for (const row of rows) {
        await old.kysely
          .insertInto('events')
          .values(row as never)
          .execute();
      }
      await old.close();
      const store = await SqlStore.open(empty.connect());
      const found = await store.eventsInOrder(0, 10);
      expect(found.map(({ uccName, sequence }) => `${uccName}${sequence}`)).toEqual([
        ...['b1', 'a1', 'a2', 'b2', 'a3'],
      ]);
      expect(found.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
      await store.close();
    } finally {
      await server.stop();
    }
  });
});
