import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { SignalrOptions } from '../../../src/protocols/signalr/hub/options.ts';
import { createExampleHub } from './support/example-hub.ts';
import { negotiate, openRaw, refusal } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';

/** The transport protocol specification, request by request. */

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
const TOKEN = /^[\w-]{22}$/;

describe('negotiate', () => {
  it('answers version 1 with an identifier and a secret', async () => {
    const url = await start();
    const answer = await (await post(`${url}/negotiate?NegotiateVersion=7`)).json();
    expect(answer).toEqual({
      negotiateVersion: 1,
      connectionToken: expect.stringMatching(TOKEN),
      connectionId: expect.stringMatching(TOKEN),
      availableTransports: [
        { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
        { transport: 'ServerSentEvents', transferFormats: ['Text'] },
        { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
      ],
    });
    const { connectionId, connectionToken } = answer as Record<string, string>;
    expect(connectionId).not.toBe(connectionToken);
  });

  it('answers version 0 with one identifier for both', async () => {
    const url = await start({ transports: ['LongPolling'] });
    const answer = await (await post(`${url}/negotiate`)).json();
    expect(answer).toEqual({
      negotiateVersion: 0,
      connectionId: expect.stringMatching(TOKEN),
      availableTransports: [{ transport: 'LongPolling', transferFormats: ['Text', 'Binary'] }],
    });
    const { connectionId } = answer as Record<string, string>;
    expect((await fetch(`${url}?id=${connectionId}`)).status).toBe(200);
  });

  it('promises stateful reconnect only on request', async () => {
    const url = await start();
    const query = 'negotiateVersion=1&useStatefulReconnect=true';
    expect(await negotiate(url, query)).toHaveProperty('useStatefulReconnect', true);
    expect(await negotiate(url)).not.toHaveProperty('useStatefulReconnect');
  });

  it.each(['abc', '', '1.5', '-1'])('answers version %j with an error', async (version) => {
    const url = await start();
    const response = await post(`${url}/negotiate?negotiateVersion=${version}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  it('requires a POST', async () => {
    const url = await start();
    const response = await fetch(`${url}/negotiate`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('is refused when there are too many connections', async () => {
    const url = await start({ maxConnections: 1 });
    await negotiate(url);
    expect(await negotiate(url)).toEqual({ error: expect.any(String) });
    expect(await refusal(url)).toBe(503);
  });

  it('is forgotten when nothing follows', async () => {
    const url = await start({ disconnectTimeoutMs: 20 });
    const { connectionToken } = await negotiate(url);
    const status = async () => (await post(`${url}?id=${connectionToken}`)).status;
    expect(await status()).toBe(200);
    await expect.poll(status).toBe(404);
  });
});

describe('connection ids', () => {
  it.each(['GET', 'POST', 'DELETE'])('are needed by %s', async (method) => {
    const url = await start();
    expect((await fetch(url, { method })).status).toBe(400);
    expect((await fetch(`${url}?id=unknown`, { method })).status).toBe(404);
  });

  it('are needed by event streams, and known to upgrades', async () => {
    const url = await start();
    const headers = { Accept: 'text/event-stream' };
    expect((await fetch(url, { headers })).status).toBe(400);
    expect((await fetch(`${url}?id=unknown`, { headers })).status).toBe(404);
    expect(await refusal(`${url}?id=unknown`)).toBe(404);
  });

  it('are of no use to another user', async () => {
    const url = await start({ isSameUser: (known, now) => known === now });
    const { connectionToken } = await negotiate(url, 'negotiateVersion=1&user=alice');
    const poll = (user: string) => fetch(`${url}?id=${connectionToken}&user=${user}`);
    expect((await poll('mallory')).status).toBe(403);
    expect((await poll('alice')).status).toBe(200);
  });

  it('that are public open nothing', async () => {
    const url = await start();
    const { connectionId } = await negotiate(url);
    expect((await fetch(`${url}?id=${connectionId}`)).status).toBe(404);
  });
});

describe('transports', () => {
  it('cannot be changed', async () => {
    const url = await start();
    const id = `${url}?id=${(await negotiate(url)).connectionToken}`;
    expect((await fetch(id)).status).toBe(200);
    expect((await fetch(id, { headers: { Accept: 'text/event-stream' } })).status).toBe(400);
    expect(await refusal(id)).toBe(400);
  });

  it('that are disabled are not found', async () => {
    const url = await start({ transports: [] });
    const id = `${url}?id=${(await negotiate(url)).connectionToken}`;
    expect((await fetch(id)).status).toBe(404);
    expect((await fetch(id, { headers: { Accept: 'text/event-stream' } })).status).toBe(404);
    expect(await refusal(id)).toBe(404);
    expect(await refusal(url)).toBe(404);
  });

  it('are not shared: a second WebSocket, a POST or DELETE beside it', async () => {
    const url = await start();
    const id = `${url}?id=${(await negotiate(url)).connectionToken}`;
    await openRaw(id);
    expect(await refusal(id)).toBe(409);
    expect((await post(id)).status).toBe(405);
    expect((await fetch(id, { method: 'DELETE' })).status).toBe(400);
    expect((await fetch(id, { method: 'PUT' })).status).toBe(405);
  });

  it('are refused to foreign origins', async () => {
    const url = await start({ isOriginAllowed: (origin, host) => origin === `http://${host}` });
    expect(await refusal(url, { Origin: 'https://evil.example' })).toBe(403);
    await openRaw(url, { Origin: `http://127.0.0.1:${server?.port}` });
    await openRaw(url);
  });

  it('that need an upgrade are answered without one', async () => {
    const url = await start();
    const withoutKey = request(url, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } });
    const [response] = await once(withoutKey.end(), 'response');
    expect(response.statusCode).toBe(400);
  });
});
