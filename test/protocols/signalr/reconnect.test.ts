import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExampleHub, type ExampleHub } from './support/example-hub.ts';
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
