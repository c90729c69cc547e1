import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignalrOptions } from '../../../src/protocols/signalr/hub/options.ts';
import { createExampleHub, type ExampleHub } from './support/example-hub.ts';
import { connectRaw, negotiate, openRaw, type RawClient, refusal } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';

/** Clients that do it wrong, beside one that does not and must not notice. */

let hub: ExampleHub;
let server: RunningServer;
let bystander: RawClient;
const errors: unknown[] = [];

async function start(options: Partial<SignalrOptions> = {}): Promise<void> {
  hub = createExampleHub();
  const onError = (error: unknown) => errors.push(error);
  server = await startServer({ hub, onError, ...options });
  bystander = await connectRaw(server.url);
}

beforeEach(() => {
  errors.length = 0;
});

afterEach(async () => {
  bystander.send('{"type":1,"invocationId":"b","target":"Add","arguments":[1,2]}\x1e');
  expect(await bystander.nextRecord()).toBe('{"type":3,"invocationId":"b","result":3}');
  expect(errors).toEqual([]);
  await server.stop();
});

const CALL = '{"type":1,"invocationId":"1","target":"Add","arguments":[40,2]}\x1e';
const CLOSED = '{"type":7,"error":"Connection closed with an error. ';

describe('the handshake', () => {
  it.each([
    ['an unknown protocol', '{"protocol":"xml","version":1}\x1e'],
    ['a later version', '{"protocol":"json","version":3}\x1e'],
    ['no handshake', CALL],
    ['no JSON', 'hello\x1e'],
    ['no object', '[1]\x1e'],
    ['too much', `{"protocol":"${'x'.repeat(40_000)}`],
  ])('answers %s with an error', async (_name, request) => {
    await start();
    const client = await openRaw(server.url);
    client.send(request);
    expect(JSON.parse(await client.nextRecord())).toEqual({ error: expect.any(String) });
    expect(await client.closed).toBe(1000);
    expect(server.signalr.connections.size).toBe(1);
  });

  it('must come in time', async () => {
    await start({ handshakeTimeoutMs: 20 });
    const client = await openRaw(server.url);
    expect(await client.nextRecord()).toContain('took too long');
    await client.closed;
  });

  it.each([-1, 0, 1, 2])(
    'accepts version %i in any case, and what follows it at once',
    async (version) => {
      await start();
      const client = await openRaw(server.url);
      client.send(`{"protocol":"JSON","version":${version}}\x1e${CALL}`);
      expect(await client.nextRecord()).toBe('{}');
      expect(await client.nextRecord()).toBe('{"type":3,"invocationId":"1","result":42}');
    },
  );

  it('comes once', async () => {
    await start();
    const client = await connectRaw(server.url);
    client.send('{"protocol":"json","version":1}\x1e');
    expect(await client.nextRecord()).toContain(CLOSED);
    const binary = await connectRaw(server.url, 'messagepack');
    binary.send('{"protocol":"messagepack","version":1}\x1e');
    expect(await binary.nextRecord()).toContain('A text frame holds no MessagePack.');
  });
});

describe('messages', () => {
  it.each([
    ['that are too large', `{"type":6,"x":"${'x'.repeat(33_000)}"}\x1e`, 'maximum message size'],
    ['that never end', 'x'.repeat(33_000), 'maximum message size'],
    ['that are no JSON', '{"type":1\x1e', 'not valid JSON'],
    ['that complete with both', '{"type":3,"invocationId":"1","error":"","result":1}\x1e', 'both'],
  ])('%s close the connection', async (_name, message, sentence) => {
    await start();
    const gone = hub.nextDisconnection();
    const client = await connectRaw(server.url);
    client.send(message);
    const answer = await client.nextRecord();
    expect(answer).toContain(CLOSED);
    expect(answer).toContain(sentence);
    expect(await client.closed).toBe(1000);
    expect(await gone).toHaveProperty('name', 'ProtocolError');
  });

  it.each([
    ['an array of 4,294,967,295', '06ddffffffff00'],
    ['a map of 4,294,967,295', '069101dfffffff'],
    ['nesting', `64${'91'.repeat(100)}`],
    ['a length of six bytes', 'ffffffffff01'],
    ['a length beyond the limit', 'ffffffff07'],
  ])('with %s close the connection', async (_name, hex) => {
    await start();
    const client = await connectRaw(server.url, 'messagepack');
    client.send(Buffer.from(hex, 'hex'));
    expect(await client.nextRecord()).toContain('Connection closed with an error.');
    expect(await client.closed).toBe(1000);
  });

  it('in frames that are too large are refused by status', async () => {
    await start({ maxTransferBytes: 50_000 });
    const client = await connectRaw(server.url);
    client.send('x'.repeat(50_001));
    expect(await client.closed).toBe(1009);
  });

  it('in frames that are too large end a connection that could be resumed', async () => {
    await start({ maxTransferBytes: 50_000 });
    const query = 'negotiateVersion=1&useStatefulReconnect=true';
    const url = `${server.url}?id=${(await negotiate(server.url, query)).connectionToken}`;
    const client = await connectRaw(url, 'json', 2);
    client.send('x'.repeat(50_001));
    expect(await client.closed).toBe(1009);
    expect(await refusal(url)).toBe(404);
  });

  it('may be cut anywhere, and types of later versions are ignored', async () => {
    await start();
    const client = await connectRaw(server.url);
    for (const byte of Buffer.from(`{"type":77,"new":true}\x1e${CALL}`)) {
      client.send(String.fromCharCode(byte));
    }
    expect(await client.nextRecord()).toBe('{"type":3,"invocationId":"1","result":42}');
  });

  it('for calls that do not run are ignored', async () => {
    await start();
    const client = await connectRaw(server.url);
    client.send('{"type":2,"invocationId":"9","item":1}\x1e{"type":5,"invocationId":"9"}\x1e');
    client.send('{"type":3,"invocationId":"9"}\x1e{"type":8,"sequenceId":99}\x1e');
    client.send(`{"type":9,"sequenceId":99}\x1e${CALL}`);
    expect(await client.nextRecord()).toBe('{"type":3,"invocationId":"1","result":42}');
  });

  it('after Close are ignored', async () => {
    await start();
    const gone = hub.nextDisconnection();
    const client = await connectRaw(server.url);
    client.send(`{"type":7}\x1e${CALL}`);
    client.send(CALL);
    expect(await client.closed).toBe(1000);
    expect(await gone).toBeUndefined();
  });

  it('without id are never answered', async () => {
    await start();
    const client = await connectRaw(server.url);
    const noAnswer = ['Add', 'Fail', 'Missing', 'Counter', 'toString', '__proto__'];
    for (const target of noAnswer)
      client.send(`{"type":1,"target":"${target}","arguments":[]}\x1e`);
    client.send(CALL);
    expect(await client.nextRecord()).toBe('{"type":3,"invocationId":"1","result":42}');
  });

  it('with an id in use close the connection, also if names are of no method', async () => {
    await start();
    const client = await connectRaw(server.url);
    client.send('{"type":1,"invocationId":"0","target":"constructor","arguments":[]}\x1e');
    expect(await client.nextRecord()).toContain('Method does not exist.');
    const stream = '{"type":4,"invocationId":"1","target":"Endless","arguments":["x"]}\x1e';
    client.send(stream + stream);
    for (;;) {
      const record = await client.nextRecord();
      if (record.startsWith('{"type":2')) continue;
      expect(record).toContain('already in use');
      break;
    }
    await expect.poll(() => hub.cancelled).toEqual(['x']);
  });
});

describe('sockets', () => {
  it('closed without status are answered 1000', async () => {
    await start();
    const gone = hub.nextDisconnection();
    const client = await connectRaw(server.url);
    client.socket.close();
    expect(await client.closed).toBe(1000);
    expect(await gone).toBeUndefined();
  });

  it('that are silent are closed, and pinged until then', async () => {
    await start({ keepAliveIntervalMs: 10, clientTimeoutMs: 100 });
    const heartbeat = setInterval(() => bystander.send('{"type":6}\x1e'), 20);
    const client = await connectRaw(server.url);
    expect(await client.nextRecord()).toBe('{"type":6}');
    let record = '';
    while (!record.includes('"type":7')) record = await client.nextRecord();
    expect(record).toContain('silent');
    clearInterval(heartbeat);
    await server.stop();
    await start();
  });

  it('that do not read are closed, and others are not delayed', async () => {
    await start({ maxBacklogBytes: 100_000 });
    const gone = hub.nextDisconnection();
    const client = await connectRaw(server.url);
    client.socket.pause();
    const event = 'x'.repeat(50_000);
    let sent = 0;
    const interval = setInterval(() => {
      server.signalr.broadcast(server.signalr.connections, 'Event', [event]);
      sent++;
    }, 1);
    const reason = await gone;
    clearInterval(interval);
    expect(reason?.message).toBe('The client does not read.');
    expect(server.signalr.connections.size).toBe(1);
    for (let index = 0; index < sent; index++)
      expect(await bystander.nextRecord()).toContain(event);
  });
});
