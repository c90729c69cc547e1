import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import * as signalR from '@microsoft/signalr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordingEvent } from '../../client/src/events.ts';
import { createHush } from '../../client/src/hush.ts';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { ucc } from '../support/hush/hush.ts';

let bench: ApiBench;
let live: MarkerCall;
beforeAll(async () => {
  bench = await openBench();
  live = await bench.caller.call(bench.hush);
  await live.frames(3);
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

/** Takes events until there are enough. */
async function take(
  events: AsyncGenerator<RecordingEvent>,
  count: number,
): Promise<RecordingEvent[]> {
  const taken: RecordingEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

test('events arrive live and from the past, each once', async () => {
  const hush = createHush({ url: bench.hush.api });
  const stop = new AbortController();
  const coming = take(
    hush.events({ ucc, since: 0, signal: stop.signal }),
    bench.hush.events.length + 2,
  );
  await bench.hush.command('Mark', live.correlationId);
  await bench.hush.command('UnMark', live.correlationId);
  const heard = await coming;
  expect(heard.map(({ sequence }) => sequence)).toEqual(
    bench.hush.events.map(({ sequence }) => sequence),
  );
  expect(heard.at(-1)).toMatchObject({
    type: 'recordingStateChanged',
    action: 'UnMark',
    uccName: ucc,
  });
});

/** Connections to Hush that can be cut. */
async function cuttable(): Promise<{ url: string; cut(): void; close(): void }> {
  const { hostname, port } = new URL(bench.hush.api);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(Number(port), hostname);
    sockets.add(socket);
    socket.pipe(onward).pipe(socket);
    for (const one of [socket, onward]) {
      one.on('error', () => undefined);
      one.on('close', () => {
        socket.destroy();
        onward.destroy();
        sockets.delete(socket);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const close = (): void => {
    server.close();
    cut();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, close };
}

test('a broken stream resumes where it ended: no gap, no duplicate', async () => {
  const first = bench.hush.events.length;
  const way = await cuttable();
  const breaks: string[] = [];
  const events = createHush({ url: way.url }).events({
    ucc,
    since: 0,
    onReconnect: ({ kind }) => breaks.push(kind),
  });
  const all: RecordingEvent[] = [];
  const reading = (async () => {
    for await (const event of events) {
      all.push(event);
      if (all.length === first + 4) break;
    }
  })();
  await expect.poll(() => all.length).toBe(first);
  for (const action of ['Mark', 'UnMark', 'Mark', 'UnMark']) {
    way.cut();
    await bench.hush.command(action, live.correlationId);
    // Some events are missed while disconnected, some arrive after the reconnect.
    if (action === 'UnMark') await expect.poll(() => breaks.length).toBeGreaterThan(0);
  }
  await reading;
  const sequences = (of: readonly { sequence: number }[]) => of.map(({ sequence }) => sequence);
  expect(sequences(all)).toEqual(sequences(bench.hush.events));
  expect(breaks).toContain('network');
  way.close();
});

test('a request that would be refused again ends the stream with an error', async () => {
  const hush = createHush({ url: bench.hush.api });
  const events = hush.events({ ucc: 'nobody' });
  await expect(events.next()).rejects.toMatchObject({ error: { kind: 'http', status: 404 } });
});

test('the events of the contract arrive through the vendor’s own client', async () => {
  const hush = createHush({ url: bench.hush.api });
  const heard: unknown[] = [];
  const stop = await hush.hubEvents(signalR, (event) => heard.push(event));
  await bench.hush.command('Mark', live.correlationId);
  await expect
    .poll(() => heard)
    .toEqual([{ UccName: ucc, CorrelationId: live.correlationId, StateAction: 6 }]);
  await stop();
});
