import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { anonymous } from '../../src/domain/access/access.ts';
import { EventFeed } from '../../src/domain/event/event-feed.ts';
import { newUcc } from '../../src/domain/model/ucc.ts';
import type { EventHistory } from '../../src/domain/ports/event-store.ts';
import { RecordingHub } from '../../src/hub/recording-hub.ts';
import { eventOf } from '../domain/support.ts';
import { connectRaw, type RawClient } from '../protocols/signalr/support/raw-client.ts';
import { hubPath } from './support/listener.ts';

/** Tests replays longer than the backlog of one client. */

const MAX_BACKLOG_BYTES = 1024 * 1024;
/** Some 20 MB, more than the system's sockets hold. */
const EVENTS = 60_000;
const QUIET_TURNS = 200;
const past = Array.from({ length: EVENTS }, (_, index) => eventOf(index + 1));

let stop: (() => Promise<void>) | undefined;

afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start(history: EventHistory): Promise<RawClient> {
  const onError = (): void => undefined;
  const hub = new RecordingHub({
    feed: new EventFeed(new InProcessBus(onError), history),
    maxConnections: 10,
    maxBacklogBytes: MAX_BACKLOG_BYTES,
    onError,
    longPollTimeoutMs: 50_000,
    keepAliveMs: 15_000,
    aliases: { names: [], paths: [] },
    ucc: newUcc,
    auditRead: async () => undefined,
    auditDenied: async () => undefined,
    isOriginAllowed: () => true,
    isCurrent: () => true,
  });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => {
    hub.handleUpgrade(request, socket, head, {
      path: hubPath,
      query: new URLSearchParams(),
      caller: { principal: anonymous('admin'), address: '', surface: 'v1' },
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const client = await connectRaw(`http://127.0.0.1:${port}${hubPath}`);
  stop = async () => {
    client.socket.terminate();
    hub.close();
    http.close();
    await once(http, 'close');
  };
  return client;
}

const subscribe = '{"type":1,"invocationId":"s","target":"Subscribe","arguments":["ucc",0]}\x1e';

it('a client that reads slowly gets a replay of any length', async () => {
  let turnsSinceRead = 0;
  const client = await start({
    eventsInOrder: async () => [],
    async events(_ucc, since, limit) {
      turnsSinceRead = 0;
      return past.slice(since, since + limit);
    },
  });
  client.socket.pause();
  client.send(subscribe);
  // Waits until the replay has stalled or ended.
  for (; turnsSinceRead < QUIET_TURNS; turnsSinceRead += 1) await nextTurn();
  client.socket.resume();
  for (let sequence = 1; sequence <= EVENTS; sequence += 1) {
    const { arguments: args } = JSON.parse(await client.nextRecord());
    if (args[0].Sequence !== sequence) expect(args[0].Sequence).toBe(sequence);
  }
  expect(await client.nextRecord()).toBe('{"type":3,"invocationId":"s"}');
});

it('a replay that cannot be read is an error of the invocation', async () => {
  const client = await start({
    events: () => Promise.reject(new Error('no store')),
    eventsInOrder: async () => [],
  });
  client.send(subscribe);
  const { error } = JSON.parse(await client.nextRecord());
  expect(error).toBe("An unexpected error occurred invoking 'Subscribe' on the server.");
});
