import { afterEach, describe, expect, it } from 'vitest';
import type { ClassicServerOptions } from '../../../src/protocols/signalr-classic/options.ts';
import { argsOf, RawClient } from './raw-client.ts';
import { Host } from './support.ts';

const HUBS = { RecordingHub: { methods: {} }, OtherHub: { methods: {} } };

describe('delivery', () => {
  let host: Host;

  afterEach(() => host.close());

  async function listen(options: Partial<ClassicServerOptions> = {}): Promise<RawClient> {
    host = await new Host({ hubs: HUBS, userKey: String, ...options }).listen();
    return new RawClient(host).negotiate();
  }

  function broadcast(...numbers: readonly number[]): void {
    for (const number of numbers) {
      host.classic.broadcast(host.connections, 'recordinghub', 'event', [number]);
    }
  }

  it('sends all messages of one tick in one frame', async () => {
    const client = await listen();
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    broadcast(1, 2, 3);
    const frame = await socket.frame((one) => argsOf(one).length > 0);
    expect(frame.M).toEqual([1, 2, 3].map((n) => ({ H: 'recordinghub', M: 'event', A: [n] })));
    socket.socket.close();
  });

  it('sends nothing for hubs without a subscription', async () => {
    const client = await listen();
    const cursor = await client.connect();
    host.classic.broadcast(host.connections, 'OtherHub', 'event', [0]);
    broadcast(1);
    const { frame } = await client.request('poll', { messageId: cursor });
    expect(argsOf(frame)).toEqual([1]);
    expect(() => host.classic.broadcast([], 'Missing', 'event', [])).toThrow(RangeError);
  });

  it('repeats messages after a cursor, to polls by GET and POST', async () => {
    const client = await listen();
    const start = await client.connect();
    broadcast(1, 2);
    const first = (await client.request('poll', { messageId: start })).frame;
    broadcast(3);
    const again = await client.request('poll', {}, { form: { messageId: start } });
    expect(argsOf(again.frame)).toEqual([1, 2, 3]);
    const rest = await client.request('reconnect', { MESSAGEID: first.C ?? '' });
    expect(argsOf(rest.frame)).toEqual([3]);
  });

  it('answers a waiting poll when another replaces it, and when its time is over', async () => {
    const client = await listen({ connectionTimeoutMs: 100 });
    const messageId = await client.connect();
    const replaced = client.request('poll', { messageId });
    await host.listener();
    const last = client.request('poll', { messageId });
    expect((await replaced).frame).toEqual({ C: messageId, M: [] });
    expect((await last).frame).toEqual({ C: messageId, M: [] });
  });

  it.each(['nonsense', '00000000-0', '-1', 'NaN'])('restarts a client at %s', async (messageId) => {
    const client = await listen();
    await client.connect();
    const departure = host.departure();
    const { frame } = await client.request('poll', { messageId });
    expect(frame).toMatchObject({ D: 1, E: expect.stringMatching(/start again/), M: [] });
    await departure;
    expect(host.classic.connectionCount).toBe(0);
  });

  it.each([{ maxReplayMessages: 2 }, { maxReplayBytes: 100 }])(
    'restarts a client that missed more than %o',
    async (limits) => {
      const client = await listen(limits);
      const start = await client.connect();
      broadcast(1, 2);
      expect(argsOf((await client.request('poll', { messageId: start })).frame)).toEqual([1, 2]);
      broadcast(3);
      // The poll above may not have arrived, and 1 is no longer there to be sent again.
      const { frame } = await client.request('poll', { messageId: start });
      expect(frame).toMatchObject({ D: 1, M: [] });
      expect(host.classic.connectionCount).toBe(0);
    },
  );

  it('loses nothing when one tick sends more than the ring holds', async () => {
    const client = await listen({ maxReplayMessages: 2 });
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    broadcast(1, 2, 3, 4, 5);
    await socket.frame((frame) => argsOf(frame).includes(5));
    expect(socket.received).toEqual([1, 2, 3, 4, 5]);
    socket.socket.close();
  });

  it('tells a socket that cannot go on, then closes it', async () => {
    const client = await listen();
    client.query.transport = 'webSockets';
    const socket = client.socket('reconnect');
    expect(await socket.frame(() => true)).toMatchObject({ D: 1, M: [] });
    expect(await socket.closed).toBe(1000);
  });

  it('sends the groups token until the client has it', async () => {
    const client = await listen();
    const messageId = await client.connect();
    for (const connection of host.connections) connection.setGroups(['A']);
    const first = (await client.request('poll', { messageId })).frame;
    expect(first.G).toBeDefined();
    const lost = (await client.request('poll', { messageId })).frame;
    expect(lost.G).toBe(first.G);
    const waiting = client.request('poll', { messageId, groupsToken: first.G ?? '' });
    await host.listener();
    broadcast(1);
    expect((await waiting).frame.G).toBeUndefined();
  });

  it('cuts off a client that does not read, and does not delay others', async () => {
    const client = await listen({ maxBufferedBytes: 64 * 1024, maxReplayBytes: 1024 * 1024 });
    client.query.transport = 'webSockets';
    const slow = await client.socket().opened();
    const quick = await (await new RawClient(host, 'webSockets').negotiate()).socket().opened();
    slow.socket.pause();
    // Beyond what the kernel holds, the server cuts the socket off; then the ring is soon full.
    let count = 0;
    while (host.connections.size === 2 && count < 1_000) {
      count += 1;
      host.classic.broadcast(host.connections, 'RecordingHub', 'event', [count]);
      host.classic.broadcast(host.connections, 'RecordingHub', 'x'.repeat(64 * 1024), []);
      await quick.frame((frame) => argsOf(frame).includes(count));
    }
    expect(host.connections.size).toBe(1);
    expect(quick.received).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    slow.socket.terminate();
    quick.socket.close();
  });
});
