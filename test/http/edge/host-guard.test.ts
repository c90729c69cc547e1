import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { hubContract } from '../../../src/hub/hub-contract.ts';
import { TestHush, ucc } from '../../support/hush/hush.ts';

let hush: TestHush;
let port: number;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      http: {
        ...config.http,
        host: '0.0.0.0',
        publicUrl: 'https://hush.example.com',
        allowedHosts: ['recorder', '.corp.example'],
        allowedOrigins: ['https://crm.example.com'],
      },
      auth: { ...config.auth, anonymous: true },
    }),
  });
  port = Number(new URL(hush.api).port);
});
afterAll(() => hush.remove());

/** Sends the bytes unchanged; returns the head of the answer. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += String(data);
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

async function statusFor(host: string, more = ''): Promise<number> {
  const answer = await send(
    `GET /api/calls HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`,
  );
  return Number(answer.slice(9, 12));
}

const another = Object.values(networkInterfaces())
  .flatMap((one) => one ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe('a host name of Hush', () => {
  test.each([
    ...[
      '127.0.0.1',
      '127.9.9.9',
      'localhost',
      'LOCALHOST',
      'localhost.',
      'demo.localhost',
      '[::1]',
    ],
    ...['localhost:1', '127.0.0.1:65535', '[::1]:9', '0.0.0.0', '[::ffff:127.0.0.1]'],
    ...['hush.example.com', 'HUSH.example.com:8443', 'hush.example.com.'],
    ...['recorder', 'recorder:80', 'corp.example', 'a.corp.example', 'a.b.CORP.example'],
    ...(another === undefined ? [] : [another, `${another}:80`]),
  ])('%s is accepted', async (host) => {
    expect(await statusFor(host)).toBe(200);
  });
});

describe('421 for every other host', () => {
  test.each([
    ...['evil.example', 'hush.example.com.evil.example', 'evil-corp.example', 'xlocalhost'],
    ...['localhost.evil.example', 'example.com', 'recorder.evil', '127.0.0.1.nip.io', '192.0.2.77'],
    ...['[2001:db8::77]', '2130706433', '0x7f.1'],
  ])('%s', async (host) => {
    expect(await statusFor(host)).toBe(421);
  });

  test('is a problem on every path and method, before anything is read', async () => {
    for (const line of [
      'GET /',
      'GET /api/health',
      'GET /docs/',
      'GET /no/such/path',
      'OPTIONS /api/calls',
      `POST /attendantservice/api/recording/set`,
      'GET /attendantservice/hubs/recording',
    ]) {
      const answer = await send(
        `${line} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(answer, line).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer.toLowerCase(), line).toContain('application/problem+json');
    }
    const { items } = await hush.get('/api/audit-log?outcome=denied');
    expect(items).toContainEqual(
      expect.objectContaining({ action: 'GET of another host', reason: 'host' }),
    );
  });

  test('applies to an upgrade as well', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${hubContract.paths.signalr}`, {
      headers: { Host: 'evil.example' },
    });
    const refused = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(refused.message).toContain('421');
  });

  test('refuses an upgrade without a host', async () => {
    const head = [
      `GET ${hubContract.paths.signalr} HTTP/1.1`,
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    expect(await send(`${head.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    const named = [...head, `Host: localhost:${port}`].join('\r\n');
    expect(await send(`${named}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('an authority in the target takes precedence over the header', async () => {
    const absolute = (authority: string) =>
      send(`GET http://${authority}/api/calls HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await absolute('evil.example')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await absolute('localhost@evil.example')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('an invalid host is 400; a missing one is HTTP/1.0 from this machine', async () => {
    expect(await statusFor('<a>')).toBe(400);
    expect(await statusFor('')).toBe(400);
    expect(await send('GET /api/calls HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await send('GET /docs HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 301 /);
    expect(await send('GET /docs/ HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('pages of other origins', () => {
  const command = (headers: Record<string, string>) =>
    fetch(`http://localhost:${port}/attendantservice/api/recording/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: '{}',
    });

  /** Replaces `OWN` by Hush's own host. */
  const named = (headers: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value.replace('OWN', `localhost:${port}`),
      ]),
    );

  test.each([
    ['another site', { Origin: 'https://evil.example' }],
    ['another port of this machine', { Origin: 'http://localhost:3000' }],
    ['a page without an origin', { Origin: 'null' }],
    ['no origin that can be read', { Origin: 'x' }],
    ['its own host under another scheme', { Origin: 'https://OWN' }],
    ['a browser’s extension', { Origin: 'moz-extension://OWN' }],
    ['the public host under another scheme', { Origin: 'http://hush.example.com' }],
    ['the public host on another port', { Origin: 'https://hush.example.com:8443' }],
    ['a cross-site request that names none', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('%s: 403, and nothing is done', async (_, headers) => {
    const refused = await command(named(headers as Record<string, string>));
    expect(refused.status).toBe(403);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each([
    ['no browser', {}],
    ['its own page', { Origin: 'http://OWN' }],
    ['its page behind the proxy', { Origin: 'https://hush.example.com' }],
    [
      'a page that is allowed',
      { Origin: 'https://crm.example.com', 'Sec-Fetch-Site': 'cross-site' },
    ],
    ['a request that the person made', { 'Sec-Fetch-Site': 'none' }],
  ])('%s is served', async (_, headers) => {
    expect((await command(named(headers as Record<string, string>))).status).toBe(200);
  });

  test('an upgrade from another page is refused unless its origin is allowed', async () => {
    const open = (origin: string) =>
      new Promise<string>((resolve) => {
        const url = `ws://localhost:${port}${hubContract.paths.signalr}`;
        const socket = new WebSocket(url, { origin });
        socket.once('error', ({ message }) => resolve(message));
        socket.once('open', () => {
          socket.close();
          resolve('open');
        });
      });
    expect(await open('https://evil.example')).toContain('403');
    expect(await open(`https://localhost:${port}`)).toContain('403');
    expect(await open(`moz-extension://localhost:${port}`)).toContain('403');
    expect(await open(`http://localhost:${port}`)).toBe('open');
    expect(await open('https://crm.example.com')).toBe('open');
  });

  test('answers are embedded only by allowed origins', async () => {
    const policyFor = async (headers: Record<string, string>) => {
      const url = `http://localhost:${port}/attendantservice/api/recording/capabilities/${ucc}`;
      return (await fetch(url, { headers })).headers.get('cross-origin-resource-policy');
    };
    expect(await policyFor({})).toBe('same-origin');
    expect(await policyFor({ Origin: 'https://evil.example' })).toBe('same-origin');
    expect(await policyFor({ Origin: `http://localhost:${port}` })).toBe('same-origin');
    expect(await policyFor({ Origin: 'https://crm.example.com' })).toBe('cross-origin');
    expect(await policyFor({ Referer: 'https://crm.example.com/calls' })).toBe('cross-origin');
    expect(await policyFor({ Referer: 'https://evil.example/' })).toBe('same-origin');
  });
});
