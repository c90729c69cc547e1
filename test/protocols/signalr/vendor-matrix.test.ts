import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createExampleHub, type ExampleHub } from './support/example-hub.ts';
import { type RunningServer, startServer } from './support/running-server.ts';
import {
  buildConnection,
  type ConnectionOptions,
  VENDOR_CLIENTS,
  type VendorClient,
  type VendorConnection,
} from './support/vendor-clients.ts';

/** The vendor's published clients, six generations, over every transport and encoding. */

const CHANNELS = [
  { transport: 'WebSockets', protocol: 'json' },
  { transport: 'WebSockets', protocol: 'messagepack' },
  { transport: 'ServerSentEvents', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'messagepack' },
] as const;

const MATRIX = VENDOR_CLIENTS.flatMap((client) =>
  CHANNELS.map((channel) => ({ client, version: client.version, ...channel })),
);

let hub: ExampleHub;
let server: RunningServer;
let open: VendorConnection[] = [];

beforeAll(async () => {
  hub = createExampleHub();
  server = await startServer({ hub, acknowledgeDelayMs: 20 });
});

afterEach(async () => {
  await Promise.all(open.map((connection) => connection.stop()));
  open = [];
});

afterAll(() => server.stop());

function build(client: VendorClient, options: Omit<ConnectionOptions, 'url'>): VendorConnection {
  const connection = buildConnection(client, { url: server.url, ...options });
  open.push(connection);
  return connection;
}

/** Resolves with the arguments of the first `count` events. */
function collect(connection: VendorConnection, target: string, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  return new Promise((resolve) => {
    connection.on(target, (value) => {
      seen.push(value);
      if (seen.length === count) resolve(seen);
    });
  });
}

/** Reads a stream to its end: its items, then its error if it had one. */
function readStream(connection: VendorConnection, target: string, ...args: unknown[]) {
  const items: unknown[] = [];
  return new Promise<unknown[]>((resolve) => {
    connection.stream(target, ...args).subscribe({
      next: (item) => items.push(item),
      error: (error) => resolve([...items, String(error)]),
      complete: () => resolve(items),
    });
  });
}

describe.each(MATRIX)('client $version over $transport in $protocol', (row) => {
  const { client, transport, protocol } = row;

  it('receives events in order', async () => {
    const connection = build(client, { transport, protocol });
    const events = collect(connection, 'RecordingChanged', 5);
    const atServer = hub.nextConnection();
    await connection.start();
    server.signalr.group('all').add(await atServer);
    for (let index = 0; index < 5; index++) {
      server.signalr.broadcast(server.signalr.group('all'), 'RecordingChanged', [{ n: index }]);
    }
    expect(await events).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
  });

  it.runIf(transport === 'WebSockets')('skips negotiation', async () => {
    const connection = build(client, { transport, protocol, skipNegotiation: true });
    await connection.start();
    expect(await connection.invoke('Add', 1, 2)).toBe(3);
  });

  it('gets results and errors of its calls', async () => {
    const connection = build(client, { transport, protocol });
    await connection.start();
    expect(await connection.invoke('add', 40, 2)).toBe(42);
    const value = { UccName: 'Ünïcödé', list: [1, null, 'two'], when: 'a\u2028b', big: 2 ** 40 };
    expect(await connection.invoke('Echo', value)).toEqual(value);
    expect((await connection.invoke('Nothing')) ?? null).toBeNull();
    await expect(connection.invoke('Fail')).rejects.toThrow('HubException: It did not work.');
    await expect(connection.invoke('Crash')).rejects.toThrow(/invoking 'Crash' on the server\.$/);
    await expect(connection.invoke('Missing')).rejects.toThrow('Method does not exist.');
    await expect(connection.invoke('Counter', 1)).rejects.toThrow('non-streaming invocation');
  });

  it('reads streams to their end', async () => {
    const connection = build(client, { transport, protocol });
    await connection.start();
    expect(await readStream(connection, 'Counter', 20)).toEqual([...Array(20).keys()]);
    const [item, error] = await readStream(connection, 'FailingCounter');
    expect(item).toBe(0);
    expect(error).toContain('HubException: Ran out of data!');
    expect(String(await readStream(connection, 'Add', 1, 2))).toContain('streaming invocation');
  });

  it.runIf(protocol === 'json' || client.cancelsInMessagePack)('cancels streams', async () => {
    const connection = build(client, { transport, protocol });
    await connection.start();
    const name = `${row.version} ${transport} ${protocol}`;
    const fourthItem = Promise.withResolvers<void>();
    const subscription = connection.stream('Endless', name).subscribe({
      next: (item) => item === 3 && fourthItem.resolve(),
      error: fourthItem.reject,
      complete: () => {},
    });
    await fourthItem.promise;
    subscription.dispose();
    await expect.poll(() => hub.cancelled).toContain(name);
    expect(await connection.invoke('Add', 1, 1)).toBe(2);
  });

  it.runIf(client.uploads)('sends a stream', async () => {
    const connection = build(client, { transport, protocol });
    await connection.start();
    const subject = new client.module.Subject();
    const sum = connection.invoke('Sum', subject);
    for (let index = 1; index <= 50; index++) subject.next(index);
    subject.complete();
    expect(await sum).toBe(1275);
  });

  it.runIf(client.answers)('answers a call of the server', async () => {
    const connection = build(client, { transport, protocol });
    connection.on('Double', (value) => Number(value) * 2);
    connection.on('Refuse', () => {
      throw new Error('not today');
    });
    const atServer = hub.nextConnection();
    await connection.start();
    const peer = await atServer;
    expect(await peer.invoke('Double', [21])).toBe(42);
    await expect(peer.invoke('Refuse', [])).rejects.toThrow('not today');
  });

  it.runIf(client.reconnects)('reconnects on request', async () => {
    const connection = build(client, { transport, protocol, reconnect: 'automatic' });
    const reconnected = new Promise((resolve) => connection.onreconnected(resolve));
    const atServer = hub.nextConnection();
    await connection.start();
    const peer = await atServer;
    const next = hub.nextConnection();
    peer.close({ error: 'Moving on.', allowReconnect: true });
    const again = await next;
    expect(await reconnected).toBe(again.id);
    expect(again.id).not.toBe(peer.id);
    expect(await connection.invoke('Add', 2, 2)).toBe(4);
  });
});
