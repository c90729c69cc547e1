import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { raw } from '../http/contract/contract-support.ts';
import {
  connectRaw,
  negotiate,
  openRaw,
  type RawClient,
  refusal,
} from '../protocols/signalr/support/raw-client.ts';
import { RawClient as ClassicRaw } from '../protocols/signalr-classic/raw-client.ts';
import { TestCaller } from '../support/calls.ts';
import { type TestHush, ucc } from '../support/hush/hush.ts';
import { startHush } from './support/hub-hush.ts';
import { classicPath, hubPath } from './support/listener.ts';

/** Tests faulty clients beside a correct one, which must not notice. */

const allowedOrigin = 'https://crm.example.com';
const stranger = { Origin: 'https://evil.example.com' };
const outside = '127.9.9.9';
const CORS = 'access-control-allow-origin';

let hush: TestHush;
let caller: TestCaller;
let url: string;
let correlationId: string;
let bystander: RawClient;

beforeAll(async () => {
  hush = await startHush([ucc], {
    allowedOrigins: [allowedOrigin],
    anonymousNetworks: ['127.0.0.1'],
  });
  url = hush.api + hubPath;
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
  bystander = await connectRaw(url);
});

afterEach(async () => {
  await hush.command('Mark', correlationId);
  for (;;) {
    const message = JSON.parse(await bystander.nextRecord());
    if (message.type === 6) continue;
    expect(message).toMatchObject({ type: 1, target: 'RecordingStateChangedEvent' });
    expect(message.arguments[0].CorrelationId).toBe(correlationId);
    return;
  }
});

afterAll(async () => {
  bystander.socket.terminate();
  await caller.close();
  await hush.remove();
});

it('an unknown connection is 404, a missing id 400', async () => {
  expect(await refusal(`${url}?id=nobody`)).toBe(404);
  for (const method of ['GET', 'POST', 'DELETE']) {
    expect((await fetch(`${url}?id=nobody`, { method })).status).toBe(404);
    expect((await fetch(url, { method })).status).toBe(400);
  }
});

it('paths below the hub are 404, other methods are 405', async () => {
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${hush.api}/attendantservice/hubs/other`)).status).toBe(404);
  expect((await fetch(`${hush.api}${classicPath}/nothing`)).status).toBe(404);
  expect(await refusal(`${hush.api}${classicPath}/nothing`)).toBe(404);
  expect(await refusal(`${hush.api}/attendantservice/hubs/other`)).toBe(404);
  expect(await refusal(`${hush.api}/api/events`)).toBe(404);
  expect((await fetch(`${url}/negotiate`)).status).toBe(405);
});

it('a second socket is 409, another transport 400', async () => {
  const { connectionToken } = await negotiate(url);
  const client = await connectRaw(`${url}?id=${connectionToken}`);
  expect(await refusal(`${url}?id=${connectionToken}`)).toBe(409);
  expect((await fetch(`${url}?id=${connectionToken}`)).status).toBe(400);
  expect((await fetch(`${url}?id=${connectionToken}`, { method: 'DELETE' })).status).toBe(400);
  expect((await fetch(`${url}?id=${connectionToken}`, { method: 'POST' })).status).toBe(405);
  client.socket.terminate();
});

it('a page of another origin is 403, at negotiate and at the upgrade', async () => {
  const classicUrl = `${hush.api}${classicPath}`;
  const post = { method: 'POST', headers: stranger };
  const refused = await raw(hush.api, `${hubPath}/negotiate?negotiateVersion=1`, post);
  expect(refused.status).toBe(403);
  expect(refused.headers[CORS]).toBeUndefined();
  expect(await refusal(url, stranger)).toBe(403);
  expect((await fetch(`${classicUrl}/negotiate`, { headers: stranger })).status).toBe(403);
  const classic = await new ClassicRaw(classicHost()).negotiate();
  classic.query.transport = 'webSockets';
  const { socket } = classic.socket('connect', { headers: stranger });
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(403);
  socket.terminate();
});

it('a page of an allowed origin, or of Hush itself, is admitted', async () => {
  for (const origin of [allowedOrigin, hush.api]) {
    const client = await openRaw(url, { Origin: origin });
    client.socket.terminate();
    const post = { method: 'POST', headers: { Origin: origin } };
    const { status, headers } = await raw(hush.api, `${hubPath}/negotiate`, post);
    expect([status, headers[CORS]]).toEqual([200, origin]);
  }
});

/** Returns the folder of the hub, as the classic raw client needs it. */
function classicHost(): ConstructorParameters<typeof ClassicRaw>[0] {
  return { origin: `${hush.api}/attendantservice` } as ConstructorParameters<typeof ClassicRaw>[0];
}

it('a caller from elsewhere is 403, for requests and upgrades', async () => {
  const post = { method: 'POST', from: outside };
  expect((await raw(hush.api, `${hubPath}/negotiate`, post)).status).toBe(403);
  const negotiated = await raw(hush.api, `${classicPath}/negotiate`, { from: outside });
  expect(negotiated.status).toBe(403);
  expect((await raw(hush.api, '/api/events', { from: outside })).status).toBe(403);
  for (const path of [hubPath, `${classicPath}/connect`]) {
    expect(await upgradeFrom(outside, path)).toMatch(/^HTTP\/1\.1 403 /);
  }
});

it.each([
  ['text that is no JSON', '{"type":1,\x1e'],
  ['JSON that is no object', '[1]\x1e'],
  ['a message without type', '{}\x1e'],
  ['a method name of the wrong type', '{"type":1,"target":7,"arguments":[]}\x1e'],
  ['a negative sequence', '{"type":9,"sequenceId":-1}\x1e'],
  ['a message of more than 32 KiB', `{"type":1,"x":"${'x'.repeat(33 * 1024)}"}\x1e`],
  ['bytes', Buffer.from([0xff, 0xfe, 0x1e])],
])('%s ends the connection', async (_, message) => {
  const client = await connectRaw(url);
  client.send(message);
  expect(await client.nextRecord()).toContain('"type":7');
  await client.closed;
});

it('a frame of more than 1 MiB ends the connection', async () => {
  const client = await connectRaw(url);
  client.send('x'.repeat(1024 * 1024 + 1));
  expect(await client.closed).toBe(1009);
});

it('garbage in place of WebSocket frames ends the connection', async () => {
  const socket = await upgraded(hubPath);
  socket.write(randomUUID().repeat(100));
  await once(socket.resume(), 'close');
});

it.each([
  ['no JSON', 'hello\x1e'],
  ['an unknown protocol', '{"protocol":"xml","version":1}\x1e'],
  ['a version to come', '{"protocol":"json","version":9}\x1e'],
])('a handshake with %s is refused with an explanation', async (_, handshake) => {
  const client = await openRaw(url);
  client.send(handshake);
  expect(JSON.parse(await client.nextRecord()).error).toEqual(expect.any(String));
  await client.closed;
});

it('callers that hang up during their refusal do no harm', async () => {
  const paths = ['/nowhere', `${classicPath}/nothing`, `${hubPath}?id=x`, `${classicPath}/connect`];
  for (let round = 0; round < 25; round += 1) {
    await Promise.all(paths.map((path) => hangUp(path)));
  }
});

async function hangUp(path: string): Promise<void> {
  const socket = connect(Number(new URL(hush.api).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(upgradeRequest(path));
  await new Promise((resolve) => setImmediate(resolve));
  const closed = once(socket, 'close');
  socket.resetAndDestroy();
  await closed;
}

function upgradeRequest(path: string): string {
  const head = [
    `GET ${path} HTTP/1.1`,
    ...[
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}

async function upgraded(path: string, localAddress = '127.0.0.1') {
  const port = Number(new URL(hush.api).port);
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.write(upgradeRequest(path));
  await once(socket, 'readable');
  return socket;
}

async function upgradeFrom(localAddress: string, path: string): Promise<string> {
  const socket = await upgraded(path, localAddress);
  const answer = String(socket.read());
  socket.destroy();
  return answer;
}
