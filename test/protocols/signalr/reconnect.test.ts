import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExampleHub, type ExampleHub } from './support/example-hub.ts';
import { connectRaw, negotiate, openRaw, type RawClient } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';
import {
  buildConnection,
  VENDOR_CLIENTS,
  type VendorConnection,
} from './support/vendor-clients.ts';

/** TCP connections that are cut under the vendor's clients. */

let hub: ExampleHub;
let server: RunningServer;
let connection: VendorConnection | undefined;
const collected: unknown[] = [];

beforeEach(async () => {
  collected.length = 0;
  hub = createExampleHub({
    Collect: (_connection, [value]) => {
      collected.push(value);
    },
  });
  server = await startServer({ hub, acknowledgeDelayMs: 20 });
});

afterEach(async () => {
  await connection?.stop();
  await server.stop();
});

const PROTOCOLS = ['json', 'messagepack'] as const;
const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, index) => first + index);

describe.each(VENDOR_CLIENTS.filter(({ reconnects }) => reconnects))(
  'automatic reconnect of client $version',
  (client) => {
    it.each(PROTOCOLS)('starts a new connection in %s', async (protocol) => {
      connection = buildConnection(client, {
        url: server.url,
        transport: 'WebSockets',
        protocol,
        reconnect: 'automatic',
      });
      const reconnected = new Promise((resolve) => connection?.onreconnected(resolve));
      const gone = hub.nextDisconnection();
      await connection.start();
      server.cutSockets();
      expect(await gone).toBeInstanceOf(Error);
      await reconnected;
      expect(await connection.invoke('Add', 1, 2)).toBe(3);
      expect(server.signalr.connections.size).toBe(1);
    });
  },
);

describe.each(VENDOR_CLIENTS.filter(({ stateful }) => stateful))(
  'stateful reconnect of client $version',
  (client) => {
    it.each(PROTOCOLS)('loses and doubles nothing in %s', async (protocol) => {
      connection = buildConnection(client, {
        url: server.url,
        transport: 'WebSockets',
        protocol,
        reconnect: 'stateful',
      });
      const seen: unknown[] = [];
      const all = Promise.withResolvers<void>();
      connection.on('Event', (value) => {
        seen.push(value);
        if (value === 399) all.resolve();
      });
      const atServer = hub.nextConnection();
      await connection.start();
      const peer = await atServer;
      const calls: Promise<unknown>[] = [];
      for (let round = 0; round < 4; round++) {
        const numbers = range(round * 100, round * 100 + 100);
        for (const n of numbers) peer.send('Event', [n]);
        for (const n of numbers) calls.push(connection.invoke('Collect', n));
        await connection.invoke('Nothing');
        for (const n of numbers.slice(50)) calls.push(connection.invoke('Collect', 1000 + n));
        server.cutSockets();
      }
      await all.promise;
      await Promise.all(calls);
      expect(seen).toEqual(range(0, 400));
      expect(collected.filter((n) => Number(n) < 1000)).toEqual(range(0, 400));
      expect(collected).toHaveLength(600);
      expect(server.signalr.connections.size).toBe(1);
      expect(peer.signal.aborted).toBe(false);
    });
  },
);

describe('stateful reconnect', () => {
  const call = (id: number) =>
    `{"type":1,"invocationId":"${id}","target":"Collect","arguments":[${id}]}\x1e`;

  async function connectStateful(): Promise<{ url: string; client: RawClient }> {
    const query = 'negotiateVersion=1&useStatefulReconnect=true';
    const { connectionToken } = await negotiate(server.url, query);
    const url = `${server.url}?id=${connectionToken}`;
    return { url, client: await connectRaw(url, 'json', 2) };
  }

  it('lets a new socket replace one that seems alive, and repeats the rest', async () => {
    const { url, client } = await connectStateful();
    client.send(call(1) + call(2));
    await client.nextRecord();
    await client.nextRecord();
    client.send('{"type":8,"sequenceId":1}\x1e');
    await expect.poll(async () => await client.nextRecord()).toBe('{"type":8,"sequenceId":2}');
    const second = await openRaw(url);
    expect(await client.closed).toBe(1006);
    expect(await second.nextRecord()).toBe('{"type":9,"sequenceId":2}');
    expect(await second.nextRecord()).toBe('{"type":3,"invocationId":"2"}');
    // Message 2 comes again, and before the Sequence nothing counts.
    second.send(`${call(7)}{"type":9,"sequenceId":2}\x1e${call(2)}${call(3)}`);
    expect(await second.nextRecord()).toBe('{"type":3,"invocationId":"3"}');
    expect(collected).toEqual([1, 2, 3]);
  });

  it('closes a client that leaves messages out', async () => {
    const { url } = await connectStateful();
    const second = await openRaw(url);
    second.send('{"type":9,"sequenceId":5}\x1e');
    expect(await second.nextRecord()).toBe('{"type":9,"sequenceId":1}');
    expect(await second.nextRecord()).toContain('Sequence ID greater');
  });

  it('holds back what exceeds the buffer until there is an acknowledgement', async () => {
    await server.stop();
    server = await startServer({ hub, replayBufferBytes: 1000 });
    const { client } = await connectStateful();
    for (const connection of server.signalr.connections) {
      for (let index = 0; index < 4; index++) connection.send('Event', ['x'.repeat(600)]);
    }
    await client.nextRecord();
    await client.nextRecord();
    const third = client.nextRecord();
    client.send('{"type":8,"sequenceId":1}\x1e');
    expect(JSON.parse(await third).type).toBe(1);
  });

  it('is given up when no new socket comes', async () => {
    await server.stop();
    // Long enough for a socket that takes its time to come in the first place.
    server = await startServer({ hub, disconnectTimeoutMs: 500 });
    const gone = hub.nextDisconnection();
    const { url, client } = await connectStateful();
    client.socket.terminate();
    expect(await gone).toBeInstanceOf(Error);
    await expect(fetch(url, { method: 'POST' })).resolves.toHaveProperty('status', 404);
  });
});
