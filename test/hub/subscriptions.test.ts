import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { EventFeed } from '../../src/domain/event/event-feed.ts';
import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';
import { SubscriptionRoom, Subscriptions } from '../../src/hub/subscriptions.ts';
import { eventOf } from '../domain/support.ts';

/** A bus that counts its listeners. */
class CountingBus extends InProcessBus {
  listeners = 0;

  override subscribe(listener: (event: RecordingEvent) => void): () => void {
    this.listeners += 1;
    return super.subscribe(listener);
  }
}

function bench(limits = { maxSubscriptionsPerConnection: 1_000, maxSubscriptions: 1_000_000 }) {
  const bus = new CountingBus((cause) => {
    throw cause;
  });
  const feed = new EventFeed(bus, { events: async () => [], eventsInOrder: async () => [] });
  const room = new SubscriptionRoom(limits);
  const heard: string[] = [];
  const looked: string[] = [];
  const connect = (name: string) =>
    new Subscriptions({
      feed,
      room,
      audit: async () => undefined,
      auditDenied: async () => undefined,
      sees: (uccName) => {
        looked.push(name);
        return uccName.startsWith('ucc');
      },
      send: ({ sequence }) => void heard.push(`${name} ${sequence}`),
    });
  return { bus, feed, room, heard, looked, connect };
}

describe('subscriptions of the hub', () => {
  it('cost an event only its listeners, however many others there are', async () => {
    const { bus, heard, looked, connect } = bench();
    const hearer = connect('hearer');
    const correlationId = randomUUID();
    await hearer.subscribe('ucc', null);
    await connect('of the call').subscribeCall(correlationId);
    for (let client = 0; client < 400; client += 1) {
      const other = connect('other');
      for (let call = 0; call < 1_000; call += 1) await other.subscribeCall(randomUUID());
      await other.subscribe(`ucc-${client}`, null);
    }
    expect(bus.listeners).toBe(1);
    looked.length = 0;
    bus.publish({ ...eventOf(1), correlationId });
    expect(heard).toEqual(['hearer 1', 'of the call 1']);
    expect(looked).toEqual(['hearer', 'of the call']);
  });

  it('are limited per client, and in total', async () => {
    const { connect, room } = bench({ maxSubscriptionsPerConnection: 2, maxSubscriptions: 5 });
    const one = connect('one');
    await one.subscribeCall(randomUUID());
    await one.subscribeCall(randomUUID());
    await expect(one.subscribeCall(randomUUID())).rejects.toThrow('Too many subscriptions.');
    await one.subscribe('ucc', null);
    await one.subscribe('ucc', null);
    await one.subscribe('ucc-b', null);
    await expect(one.subscribe('ucc-c', null)).rejects.toThrow('Too many subscriptions.');
    const other = connect('other');
    await other.subscribeCall(randomUUID());
    expect(room.taken).toBe(5);
    await expect(other.subscribe('ucc', null)).rejects.toThrow('Too many subscriptions.');
    await one.unsubscribe('ucc');
    await one.unsubscribe('ucc');
    expect(room.taken).toBe(4);
    one.close();
    one.close();
    expect(room.taken).toBe(1);
    await other.subscribe('ucc', null);
    const late = other.subscribeCall(randomUUID());
    other.close();
    await expect(late).rejects.toThrow('The connection is closed.');
    expect(room.taken).toBe(0);
  });

  it('with a listener that throws do not affect others', () => {
    const errors: unknown[] = [];
    const bus = new InProcessBus((cause) => errors.push(cause));
    const feed = new EventFeed(bus, { events: async () => [], eventsInOrder: async () => [] });
    const heard: number[] = [];
    feed.liveOf('', () => {
      throw new Error('deaf');
    });
    const stop = feed.liveOf('', ({ sequence }) => void heard.push(sequence));
    bus.publish(eventOf(1));
    stop();
    bus.publish(eventOf(2));
    expect(heard).toEqual([1]);
    expect(errors).toHaveLength(2);
  });
});
