import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { HubCall, HubConnection, HubMethod } from '../../../src/protocols/signalr/hub/hub.ts';
import type { SignalrOptions } from '../../../src/protocols/signalr/hub/options.ts';
import { createExampleHub } from './support/example-hub.ts';
import { connectRaw, openRaw, type RawClient } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';

/** What a hub's owner relies on: order, cancellation, back-pressure. */

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(
  methods: Record<string, HubMethod> = {},
  options: Partial<SignalrOptions> = {},
): Promise<RunningServer> {
  server = await startServer({ hub: createExampleHub(methods), ...options });
  return server;
}

const invocation = (id: number, target: string, ...args: unknown[]) =>
  `${JSON.stringify({ type: 1, invocationId: String(id), target, arguments: args })}\x1e`;

const nextMessage = async (client: RawClient) => JSON.parse(await client.nextRecord());

function connectionOf({ signalr }: RunningServer): HubConnection {
  const [connection] = signalr.connections;
  if (connection === undefined) throw new Error('There is no connection.');
  return connection;
}

describe('calls', () => {
  it('are carried out one after the other', async () => {
    const log: string[] = [];
    const Slow: HubMethod = async (_connection, [name]) => {
      log.push(`${name} begins`);
      await setImmediate();
      log.push(`${name} ends`);
    };
    const { url } = await start({ Slow });
    const client = await connectRaw(url);
    client.send(invocation(1, 'Slow', 'a') + invocation(2, 'slow', 'b'));
    await client.nextRecord();
    await client.nextRecord();
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('wait for onConnected', async () => {
    const gate = Promise.withResolvers<void>();
    const hub = { ...createExampleHub(), onConnected: () => gate.promise };
    const { url } = await start({}, { hub });
    const client = await connectRaw(url);
    client.send(invocation(1, 'Add', 1, 1));
    connectionOf(server as RunningServer).send('First', []);
    gate.resolve();
    expect(await nextMessage(client)).toMatchObject({ type: 1, target: 'First' });
    expect(await nextMessage(client)).toMatchObject({ type: 3, result: 2 });
  });

  it('do not reach a hub that refused the client', async () => {
    const errors: unknown[] = [];
    const refuse = async () => {
      throw new Error('Not you.');
    };
    const hub = { ...createExampleHub(), onConnected: refuse };
    const { url, signalr } = await start({}, { hub, onError: (error) => errors.push(error) });
    const client = await openRaw(url);
    client.send(`{"protocol":"json","version":1}\x1e${invocation(1, 'Add', 1, 1)}`);
    expect(await client.nextRecord()).toBe('{}');
    expect(await nextMessage(client)).toEqual({
      type: 7,
      error: 'Connection closed with an error.',
    });
    await client.closed;
    expect(signalr.connections.size).toBe(0);
    expect(errors).toEqual([new Error('Not you.')]);
  });

  it('may be cancelled and are completed all the same', async () => {
    const Wait: HubMethod = async (_connection, _args, { signal }) => {
      await once(signal, 'abort');
      return 'cancelled';
    };
    const { url } = await start({ Wait });
    const client = await connectRaw(url);
    client.send(`${invocation(1, 'Wait')}{"type":5,"invocationId":"1"}\x1e`);
    expect(await nextMessage(client)).toMatchObject({ invocationId: '1', result: 'cancelled' });
  });

  it('are aborted when the client is gone', async () => {
    const calls: HubCall[] = [];
    const Wait: HubMethod = async (_connection, _args, call) => {
      calls.push(call);
      await once(call.signal, 'abort');
    };
    const { url } = await start({ Wait });
    const client = await connectRaw(url);
    client.send('{"type":1,"target":"Wait","arguments":[]}\x1e');
    await expect.poll(() => calls).toHaveLength(1);
    client.socket.terminate();
    await expect.poll(() => calls[0]?.signal.aborted).toBe(true);
  });

  it('with results that cannot be written are answered with an error', async () => {
    const errors: unknown[] = [];
    const Bad: HubMethod = () => 1n;
    const { url } = await start({ Bad }, { onError: (error) => errors.push(error) });
    const client = await connectRaw(url);
    client.send(invocation(1, 'Bad'));
    expect(await nextMessage(client)).toEqual({
      type: 3,
      invocationId: '1',
      error: 'An error occurred on the server while sending the result.',
    });
    expect(errors).toEqual([expect.any(TypeError)]);
  });

  it('show errors in full if the owner wants it', async () => {
    const { url } = await start({}, { detailedErrors: true });
    const client = await connectRaw(url);
    client.send(invocation(1, 'Crash'));
    expect((await nextMessage(client)).error).toMatch(/server\. Error: a secret of the server$/);
  });

  it('beyond the bound wait unread, and none is lost', async () => {
    const gate = Promise.withResolvers<void>();
    const Wait: HubMethod = async () => await gate.promise;
    const { url } = await start({ Wait }, { maxPendingInvocations: 2, clientTimeoutMs: 50 });
    const client = await connectRaw(url);
    client.send(invocation(0, 'Wait'));
    for (let id = 1; id <= 50; id++) client.send(invocation(id, 'Echo', id));
    gate.resolve();
    for (let id = 0; id <= 50; id++) {
      expect(await nextMessage(client)).toMatchObject({ invocationId: String(id) });
    }
  });
});

describe('streams', () => {
  it('from the client are read as fast as the method reads', async () => {
    const gate = Promise.withResolvers<void>();
    const Late: HubMethod = async (_connection, _args, { streams }) => {
      await gate.promise;
      const items: unknown[] = [];
      for await (const item of streams[0] ?? []) items.push(item);
      return items.length;
    };
    const { url } = await start({ Late });
    const client = await connectRaw(url);
    const call = { type: 1, invocationId: '1', target: 'Late', arguments: [], streamIds: ['s'] };
    client.send(`${JSON.stringify(call)}\x1e`);
    for (let item = 0; item < 1000; item++) {
      client.send(`{"type":2,"invocationId":"s","item":${item}}\x1e`);
    }
    client.send('{"type":3,"invocationId":"s"}\x1e');
    gate.resolve();
    expect(await nextMessage(client)).toMatchObject({ invocationId: '1', result: 1000 });
  });

  it('from the client may fail', async () => {
    const { url } = await start();
    const client = await connectRaw(url);
    const call = { type: 1, invocationId: '1', target: 'Sum', arguments: [], streamIds: ['s'] };
    client.send(`${JSON.stringify(call)}\x1e{"type":3,"invocationId":"s","error":"broken"}\x1e`);
    expect((await nextMessage(client)).error).toContain('HubException: broken');
  });

  it('to a client that does not read wait for it', async () => {
    let produced = 0;
    const Flood: HubMethod = async function* () {
      for (;;) {
        produced++;
        yield 'x'.repeat(10_000);
      }
    };
    const { url, signalr } = await start({ Flood });
    const client = await connectRaw(url);
    client.socket.pause();
    client.send('{"type":4,"invocationId":"1","target":"Flood","arguments":[]}\x1e');
    let before = -1;
    await expect
      .poll(
        () => {
          const stalled = produced > 0 && produced === before;
          before = produced;
          return stalled;
        },
        { interval: 50 },
      )
      .toBe(true);
    expect(signalr.connections.size).toBe(1);
    client.socket.terminate();
  });
});

describe('calls to the client', () => {
  it('fail when it does not answer, is gone, or the owner gives up', async () => {
    const running = await start();
    const client = await connectRaw(running.url);
    const connection = connectionOf(running);
    await expect(connection.invoke('Ask', [], { timeoutMs: 10 })).rejects.toThrow('in time');
    const signal = AbortSignal.abort();
    await expect(connection.invoke('Ask', [], { signal })).rejects.toThrow('aborted');
    const pending = connection.invoke('Ask', []);
    client.socket.terminate();
    await expect(pending).rejects.toThrow('closed');
    await expect(connection.invoke('Ask', [])).rejects.toThrow('closed');
  });
});
