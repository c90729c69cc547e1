import { InProcessBus } from '../bus/in-process.ts';
import { CallRegistry } from '../domain/call/call-registry.ts';
import { Journal } from '../domain/call/journal.ts';
import { EventFeed } from '../domain/event/event-feed.ts';
import { UccRegistry } from '../domain/ucc/ucc-registry.ts';
import type { Context } from './context.ts';
import type { StoreParts } from './store.ts';

export type EventParts = ReturnType<typeof assembleEvents>;

/** UCCs and calls in memory, the journal that commits what happens to them, and its events. */
export function assembleEvents({ clock, logger }: Context, { store }: StoreParts) {
  const bus = new InProcessBus((cause) => logger.error({ err: cause }, 'an event listener failed'));
  return {
    bus,
    uccs: new UccRegistry(store),
    calls: new CallRegistry(),
    journal: new Journal({ store, bus, clock }),
    feed: new EventFeed(bus, store),
  };
}
