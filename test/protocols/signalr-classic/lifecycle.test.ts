import { afterEach, describe, expect, it } from 'vitest';
import type { ClassicServerOptions } from '../../../src/protocols/signalr-classic/options.ts';
import { RawClient } from './raw-client.ts';
import { Host } from './support.ts';

const HUBS = { RecordingHub: { methods: {}, events: ['RecordingStateChangedEvent'] } };

describe('lifecycle', () => {
  let host: Host;

  afterEach(() => host.close());

  async function listen(options: Partial<ClassicServerOptions> = {}): Promise<RawClient> {
    host = await new Host({ hubs: HUBS, userKey: String, ...options }).listen();
    return new RawClient(host).negotiate();
  }

  it('negotiates', async () => {
    const client = await listen();
    const { text, headers } = await client.request('negotiate', { CLIENTPROTOCOL: '1.5' });
    expect(headers.get('cache-control')).toBe('no-cache, no-store');
    expect(JSON.parse(text)).toEqual({
      Url: '/signalr',
      ConnectionToken: expect.stringMatching(/^[0-9a-f-]{36}\.[\w-]{43}$/),
      ConnectionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      KeepAliveTimeout: 20,
      DisconnectTimeout: 30,
      ConnectionTimeout: 110,
      TryWebSockets: true,
      ProtocolVersion: '2.1',
      TransportConnectTimeout: 5,
      LongPollDelay: 0,
    });
    expect((await client.request('ping')).text).toBe('{"Response":"pong"}');
  });

  it.each([
    ['1.5', '1.5'],
    ['2.0', '2.0'],
    ['2.1', '2.1'],
    ['1.3', '1.5'],
    ['3.0', '2.1'],
    ['nonsense', '1.5'],
    ['', '1.5'],
  ])('answers protocol %s with %s', async (clientProtocol, version) => {
    const client = await listen();
    const { text } = await client.request('negotiate', { clientProtocol });
    expect(JSON.parse(text).ProtocolVersion).toBe(version);
  });

  it('keeps streams alive', async () => {
    const client = await listen({ keepAliveIntervalMs: 20 });
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    await socket.frame((frame) => Object.keys(frame).length === 0);
    socket.socket.close();
    const stream = await new RawClient(host, 'serverSentEvents').negotiate();
    const response = await fetch(stream.url('connect'), { headers: { 'x-user': 'alice' } });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.endsWith('data: {}\n\n')) break;
    }
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(text).toMatch(
      /^data: initialized\n\ndata: {"C":"[0-9a-f]{8}-0","S":1,"M":\[\]}\n\ndata: {}/,
    );
  });

  it('ends a connection whose client does not return', async () => {
    const client = await listen({ keepAliveIntervalMs: 10, disconnectTimeoutMs: 50 });
    const arrival = host.arrival();
    await client.connect();
    expect(await host.departure()).toBe(await arrival);
    expect(host.classic.connectionCount).toBe(0);
  });

  it('lets a client fall back to another transport before it has started', async () => {
    const client = await listen();
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    client.query.transport = 'longPolling';
    expect((await client.request('connect')).frame.S).toBe(1);
    expect(await socket.closed).toBe(1000);
    expect(host.classic.connectionCount).toBe(1);
  });

  it('refuses clients that its owner refuses, and waits until the owner is ready', async () => {
    let open = () => {};
    const ready = new Promise<void>((resolve) => {
      open = resolve;
    });
    const client = await listen({
      onConnected: async (connection) => {
        if (connection.user === 'mallory') throw new Error('refused');
        connection.send('RecordingHub', 'event', [1]);
        await ready;
      },
    });
    const reply = client.request('connect');
    const refused = await new RawClient(host).negotiate('mallory');
    expect((await refused.request('connect', {}, { user: 'mallory' })).status).toBe(503);
    open();
    expect((await reply).frame).toMatchObject({ S: 1, M: [{ A: [1] }] });
    expect(host.errors).toEqual([new Error('refused')]);
  });

  it('runs the calls of a connection in order, and limits the waiting ones', async () => {
    const order: unknown[] = [];
    const Slow = async (_: unknown, [n]: readonly unknown[]) => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(n);
    };
    const client = await listen({
      hubs: { RecordingHub: { methods: { Slow } } },
      maxQueuedInvocations: 2,
    });
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    for (let n = 1; n <= 5; n += 1) {
      socket.socket.send(JSON.stringify({ H: 'RecordingHub', M: 'Slow', A: [n], I: n }));
    }
    await socket.frame((frame) => frame.I === '3');
    expect(order).toEqual([1, 2, 3]);
    const refusals = socket.frames.filter((frame) => frame.E).map((frame) => frame.I);
    expect(refusals).toEqual(['4', '5']);
    socket.socket.close();
  });

  it('disconnects clients when it closes, and refuses later requests', async () => {
    const client = await listen();
    const messageId = await client.connect();
    const poll = client.request('poll', { messageId });
    await host.listener();
    host.classic.close();
    host.classic.close();
    expect((await poll).frame).toMatchObject({ T: 1 });
    expect((await client.request('negotiate')).status).toBe(503);
  });

  it('serves the hubs script with a tag', async () => {
    const client = await listen();
    const { status, text, headers } = await client.request('hubs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/javascript; charset=UTF-8');
    expect(text).toContain('"events":["recordingStateChangedEvent"]');
    expect(text).toContain('$.hubConnection("/signalr"');
    const tag = headers.get('etag') ?? '';
    const again = await client.request('hubs', {}, { headers: { 'if-none-match': `W/${tag}` } });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('refuses options that make no sense', () => {
    const make = (options: Partial<ClassicServerOptions>) => () =>
      new Host({ hubs: HUBS, userKey: String, ...options });
    expect(make({ maxMessageBytes: 0 })).toThrow(/maxMessageBytes/);
    expect(make({ keepAliveIntervalMs: 20_000 })).toThrow(/keepAliveIntervalMs/);
    expect(make({ hubs: { A: { methods: {} }, a: { methods: {} } } })).toThrow(/declared twice/);
  });
});
