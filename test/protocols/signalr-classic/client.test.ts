import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubError } from '../../../src/protocols/signalr-classic/errors.ts';
import type { ClassicConnection } from '../../../src/protocols/signalr-classic/types.ts';
import { type HubConnection, type HubProxy, next, openPage, settled } from './browser.ts';
import { Host } from './support.ts';

const TRANSPORTS = ['webSockets', 'serverSentEvents', 'longPolling'];

/** jquery.signalR 2.4.3, the last client made for this protocol, in jsdom. */
describe.each(TRANSPORTS)('jquery.signalR over %s', (transport) => {
  let host: Host;
  let page: ReturnType<typeof openPage>;

  beforeEach(async () => {
    host = await new Host({ hubs: { RecordingHub }, userKey: String }).listen();
    page = openPage(host.origin);
  });

  afterEach(async () => {
    page.close();
    await host.close();
  });

  function makeClient(): { connection: HubConnection; proxy: HubProxy } {
    const url = `${host.origin}/signalr`;
    const connection = page.$.hubConnection(url, { useDefaultPath: false });
    connection.reconnectDelay = 50;
    return { connection, proxy: connection.createHubProxy('recordingHub') };
  }

  async function start(connection: HubConnection): Promise<ClassicConnection> {
    const arrival = host.arrival();
    await settled(connection.start({ transport, waitForPageLoad: false }));
    return arrival;
  }

  it('connects and receives what the server sends', async () => {
    const { connection, proxy } = makeClient();
    const received = new Promise<unknown[]>((resolve) => {
      proxy.on('recordingStateChangedEvent', (...args) => resolve(args));
    });
    const client = await start(connection);
    expect(connection.transport.name).toBe(transport);
    expect(connection.id).toBe(client.id);
    host.classic.broadcast(host.connections, 'recordinghub', 'RecordingStateChangedEvent', [
      { UccName: 'ü<&"' },
      2,
    ]);
    expect(await received).toEqual([{ UccName: 'ü<&"' }, 2]);
  });

  it('gets results and errors of its calls', async () => {
    const { connection, proxy } = makeClient();
    await start(connection);
    expect(await settled(proxy.invoke('ADD', 2, 3))).toBe(5);
    expect(await settled(proxy.invoke('nothing'))).toBeUndefined();
    await expect(settled(proxy.invoke('refuse'))).rejects.toMatchObject({
      message: 'No such call.',
      source: 'HubException',
      data: { code: 7 },
    });
    await expect(settled(proxy.invoke('fail'))).rejects.toMatchObject({
      message: "There was an error invoking Hub method 'recordinghub.fail'.",
      source: 'Exception',
    });
    await expect(settled(proxy.invoke('missing'))).rejects.toMatchObject({
      message: "'missing' method could not be resolved.",
    });
    expect(host.errors).toEqual([new Error('secret')]);
  });

  it('reconnects and gets what it missed exactly once, in order', async () => {
    const { connection, proxy } = makeClient();
    const seen: unknown[] = [];
    const last = new Promise<void>((resolve) => {
      proxy.on('event', (n) => {
        seen.push(n);
        if (n === 12) resolve();
      });
    });
    const client = await start(connection);
    for (let n = 1; n <= 3; n += 1) client.send('RecordingHub', 'event', [n]);
    await settled(proxy.invoke('nothing'));
    const reconnecting = next((listener) => connection.reconnecting(listener));
    const reconnected = next((listener) => connection.reconnected(listener));
    // Written to a socket that has failed, which the server has not heard yet: the cursor tells.
    await host.listener();
    for (let n = 4; n <= 6; n += 1) client.send('RecordingHub', 'event', [n]);
    host.killSockets();
    await reconnecting;
    for (let n = 7; n <= 9; n += 1) client.send('RecordingHub', 'event', [n]);
    await reconnected;
    for (let n = 10; n <= 12; n += 1) client.send('RecordingHub', 'event', [n]);
    await last;
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(host.connections).toEqual(new Set([client]));
    expect(await settled(proxy.invoke('add', 1, 1))).toBe(2);
  });

  it('is told to stop when its missed messages are gone', async () => {
    const { connection, proxy } = makeClient();
    proxy.on('event', () => {});
    const client = await start(connection);
    const error = new Promise<Error>((resolve) => {
      connection.error((one) => {
        if (/start again/.test(one.message)) resolve(one);
      });
    });
    const disconnected = next((listener) => connection.disconnected(listener));
    const reconnecting = next((listener) => connection.reconnecting(listener));
    await host.listener();
    host.killSockets();
    await reconnecting;
    for (let n = 0; n <= 1_000; n += 1) client.send('RecordingHub', 'event', [n]);
    await disconnected;
    expect((await error).message).toMatch(/no longer held/);
    expect(host.connections.size).toBe(0);
  });

  it('stops when the server closes the connection', async () => {
    const { connection, proxy } = makeClient();
    proxy.on('event', () => {});
    const client = await start(connection);
    const disconnected = next((listener) => connection.disconnected(listener));
    client.close();
    client.close();
    await disconnected;
    expect(host.classic.connectionCount).toBe(0);
  });

  it('ends the connection when the page stops', async () => {
    const { connection } = makeClient();
    const client = await start(connection);
    const departure = host.departure();
    connection.stop();
    expect(await departure).toBe(client);
    expect(host.classic.connectionCount).toBe(0);
  });

  it('keeps the groups token it is given', async () => {
    const { connection, proxy } = makeClient();
    const received = next((listener) => proxy.on('event', listener));
    const client = await start(connection);
    client.setGroups(['A', 'B']);
    client.send('RecordingHub', 'event', []);
    await received;
    expect(connection.groupsToken).toMatch(/^[\w-]+\.[\w-]{43}$/);
    const reconnected = next((listener) => connection.reconnected(listener));
    await host.listener();
    host.killSockets();
    await reconnected;
  });

  it('works through the generated hubs script', async () => {
    const script = await fetch(`${host.origin}/signalr/hubs`);
    page.eval(await script.text());
    const { hub } = page.$.connection;
    const proxy = page.$.connection.recordingHub as HubProxy;
    const received = new Promise((resolve) => {
      proxy.client.recordingStateChangedEvent = resolve;
    });
    const client = await start(hub);
    client.send('RecordingHub', 'RecordingStateChangedEvent', ['Paused']);
    expect(await received).toBe('Paused');
    expect(await settled(proxy.server.add?.(20, 22) ?? raise())).toBe(42);
    await expect(settled(proxy.server.refuse?.() ?? raise())).rejects.toThrow('No such call.');
  });
});

function raise(): never {
  throw new Error('The method is missing from the proxy.');
}

const RecordingHub = {
  methods: {
    Add: (_: unknown, [a, b]: readonly unknown[]) => Number(a) + Number(b),
    Nothing: async () => {},
    Refuse: () => {
      throw new HubError('No such call.', { code: 7 });
    },
    Fail: async () => {
      throw new Error('secret');
    },
  },
  events: ['RecordingStateChangedEvent'],
};
