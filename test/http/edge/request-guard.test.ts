import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';

const HEADERS_TIMEOUT_MS = 400;
const state = `/attendantservice/api/recording/${ucc}/1d6c6a58-6739-4f0c-98ff-0968292c8c30`;
let hush: TestHush;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      http: {
        ...config.http,
        headersTimeoutMs: HEADERS_TIMEOUT_MS,
        requestTimeoutMs: HEADERS_TIMEOUT_MS,
        requestsPerSecondPerAddress: 20,
      },
    }),
  });
});
afterAll(() => hush.remove());

/** Sends the bytes unchanged; returns everything until the connection is closed. */
function send(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(hush.api).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += String(data);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

function get(target: string, headers = ''): Promise<string> {
  return send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);
}

async function statusOf(answer: Promise<string>): Promise<string> {
  return (await answer).slice(9, 12);
}

/** Waits for the limit per address to recover: these tests are quick. */
async function rested<Result>(work: () => Promise<Result>): Promise<Result> {
  await expect.poll(() => statusOf(get('/api/calls')), { timeout: 5_000 }).toBe('200');
  return work();
}

describe('malicious paths', () => {
  test.each([
    '/api/./calls',
    '/api/x/../calls',
    '/api/%2e%2e/calls',
    '/api/.%2E/calls',
    '/api//.//calls',
    '/api/calls/..//',
    '/api/calls/.',
    '/api%2fcalls',
    '/api%2Fcalls',
    '/api/%2f/calls',
    '/api\\calls',
    'http://localhost/api/../calls',
    'http://localhost/api%2fcalls',
    'http:///api/calls',
    'http://a@localhost/api/calls',
    'http://<a>/api/calls',
    'ftp://localhost/api/calls',
    'api/calls',
    '*',
  ])('400: %s', async (target) => {
    expect(await rested(() => statusOf(get(target)))).toBe('400');
  });

  test('differ in case only: the gate treats them alike', async () => {
    expect(await rested(() => statusOf(get(state.toUpperCase())))).toBe('200');
    const v2 = state.replace('/api/', '/api/v2/');
    expect(await rested(() => statusOf(get(v2.toUpperCase())))).toBe('401');
  });
});

describe('malicious headers', () => {
  test.each([
    ['Authorization twice', 'Authorization: Bearer a\r\nAuthorization: Bearer b\r\n'],
    ['Host twice', 'Host: other\r\n'],
    ['Content-Length twice', 'Content-Length: 0\r\nContent-Length: 5\r\n'],
    ['length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
    ['a line that goes on', 'X-A: b\r\n c: d\r\n'],
  ])('400: %s', async (_, headers) => {
    expect(await rested(() => statusOf(get('/api/calls', headers)))).toBe('400');
  });

  test('400 for an invalid host', async () => {
    expect(
      await rested(() =>
        statusOf(send('GET /docs/ HTTP/1.1\r\nHost: <a>\r\nConnection: close\r\n\r\n')),
      ),
    ).toBe('400');
  });

  test('431: too long', async () => {
    const long = `X-A: ${'x'.repeat(20_000)}\r\n`;
    expect(await rested(() => statusOf(get('/api/calls', long)))).toBe('431');
  });
});

describe('slow clients', () => {
  test.each([
    ['headers', 'GET /api/calls HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    ['a body', `POST ${state} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{`],
  ])('are disconnected if they never finish %s', { timeout: 10_000 }, async (_, begun) => {
    expect(['408', '405', '']).toContain(await rested(() => statusOf(send(begun))));
  });
});

describe('floods of requests', () => {
  test('are answered 429 with Retry-After, but a Pause never is', async () => {
    const answers = await Promise.all(Array.from({ length: 80 }, () => get('/api/calls')));
    const throttled = answers.filter((answer) => answer.startsWith('HTTP/1.1 429'));
    expect(throttled.length).toBeGreaterThan(30);
    expect(throttled[0]).toMatch(/^retry-after: 1\r$/im);
    const command = (Action: string) => {
      const named = { CorrelationId: '1d6c6a58-6739-4f0c-98ff-0968292c8c30', UCCName: ucc };
      return hush.post('/attendantservice/api/recording/set', {
        Action,
        RequesterSipUri: agent,
        ...named,
      });
    };
    const many = async (action: string) =>
      (await Promise.all(Array.from({ length: 60 }, () => command(action)))).map(
        (one) => one.status,
      );
    expect(await many('Mark')).toContain(429);
    expect(new Set(await many('Pause'))).toEqual(new Set([200]));
  });
});
