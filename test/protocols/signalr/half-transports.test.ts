import { afterEach, describe, expect, it } from 'vitest';
import type { SignalrOptions } from '../../../src/protocols/signalr/hub/options.ts';
import { createExampleHub } from './support/example-hub.ts';
import { negotiate } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';

/** The two transports that make do with plain HTTP, request by request. */

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(options: Partial<SignalrOptions> = {}): Promise<string> {
  server = await startServer({ hub: createExampleHub(), ...options });
  return server.url;
}

const post = (url: string, body = '') => fetch(url, { method: 'POST', body });
const HANDSHAKE = '{"protocol":"json","version":1}\x1e';

describe('long polling', () => {
  async function poll(id: string): Promise<{ status: number; text: string }> {
    const response = await fetch(id);
    return { status: response.status, text: await response.text() };
  }

  async function connect(url: string): Promise<string> {
    const id = `${url}?id=${(await negotiate(url)).connectionToken}`;
    expect(await poll(id)).toEqual({ status: 200, text: '' });
    expect((await post(id, HANDSHAKE)).status).toBe(200);
    expect(await poll(id)).toEqual({ status: 200, text: '{}\x1e' });
    return id;
  }

  it('answers an idle poll empty, and a replaced one 204', async () => {
    const id = await connect(await start({ longPollTimeoutMs: 50 }));
    expect(await poll(id)).toEqual({ status: 200, text: '' });
    const replaced = poll(id);
    const newer = poll(id);
    const statuses = [(await replaced).status, (await newer).status];
    expect(statuses.sort()).toEqual([200, 204]);
  });

  it('delivers all messages of one tick in one answer', async () => {
    const id = await connect(await start());
    const answer = poll(id);
    await post(id, '{"type":1,"target":"CallBack","arguments":[3]}\x1e');
    expect((await answer).text.split('\x1e')).toHaveLength(4);
  });

  it('ends by DELETE', async () => {
    const id = await connect(await start());
    const parked = poll(id);
    await expect.poll(async () => (await fetch(id, { method: 'DELETE' })).status).toBe(202);
    expect((await parked).status).toBe(204);
    expect((await poll(id)).status).toBe(404);
  });

  it('answers the end with Close, then 204, then 404', async () => {
    const id = await connect(await start());
    server?.signalr.close({ error: 'Bye.' });
    expect((await poll(id)).text).toBe('{"type":7,"error":"Bye."}\x1e');
    expect((await poll(id)).status).toBe(204);
    expect((await poll(id)).status).toBe(404);
  });

  it('ends when the client stops polling', async () => {
    const hub = createExampleHub();
    const gone = hub.nextDisconnection();
    await connect(await start({ hub, disconnectTimeoutMs: 30 }));
    expect(await gone).toBeInstanceOf(Error);
  });

  it('ends when too much waits for the next poll', async () => {
    const hub = createExampleHub();
    const gone = hub.nextDisconnection();
    const id = await connect(await start({ hub, maxBacklogBytes: 10_000 }));
    for (let index = 0; index < 11; index++) {
      server?.signalr.broadcast(server.signalr.connections, 'Event', ['x'.repeat(1000)]);
    }
    expect(await gone).toHaveProperty('message', 'The client does not read.');
    expect((await poll(id)).status).toBe(404);
  });

  it('refuses bodies that are too large', async () => {
    const id = await connect(await start({ maxTransferBytes: 1000 }));
    expect((await post(id, 'x'.repeat(5_000_000))).status).toBe(413);
    const answer = poll(id);
    expect((await post(id, '{"type":6}\x1e')).status).toBe(200);
    await post(id, '{"type":1,"target":"CallBack","arguments":[1]}\x1e');
    expect((await answer).text).toContain('Counted');
  });
});

describe('server-sent events', () => {
  it('are one data line per event and text only', async () => {
    const url = await start();
    const id = `${url}?id=${(await negotiate(url)).connectionToken}`;
    const headers = { Accept: 'text/event-stream' };
    const response = await fetch(id, { headers });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect((await fetch(id, { headers })).status).toBe(409);
    const texts = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await texts?.read())?.value).toBe(':\r\n');
    await post(id, '{"protocol":"messagepack","version":1}\x1e');
    const error = "The protocol 'messagepack' needs a transport of binary format.";
    expect((await texts?.read())?.value).toBe(`data: ${JSON.stringify({ error })}\x1e\r\n\r\n`);
    expect((await texts?.read())?.done).toBe(true);
  });
});
