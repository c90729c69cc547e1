import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';

/** Tests several requests on one connection, sent at once. */

const set = '/attendantservice/api/recording/set';
let hush: TestHush;
let caller: TestCaller;
let correlationId: string;

beforeAll(async () => {
  hush = await TestHush.start();
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});
beforeEach(async () => {
  await hush.command('Stop', correlationId);
});

const host = (): string => new URL(hush.api).host;

function command(action: string, headers: readonly string[] = []): string {
  const body = JSON.stringify({
    Action: action,
    RequesterSipUri: agent,
    UCCName: ucc,
    CorrelationId: correlationId,
  });
  return post(body, headers);
}

function post(body: string, headers: readonly string[] = [], path = set): string {
  const head = [
    `POST ${path} HTTP/1.1`,
    ...[`Host: ${host()}`, 'Content-Type: application/json', ...headers],
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function chunked(body: string): string {
  const head = [`POST ${set} HTTP/1.1`, `Host: ${host()}`, 'Content-Type: application/json'];
  return `${[...head, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n${body}`;
}

function get(path: string, headers: readonly string[] = []): string {
  return `GET ${path} HTTP/1.1\r\n${[`Host: ${host()}`, ...headers].join('\r\n')}\r\n\r\n`;
}

function dial(onData: (data: string) => void): Socket {
  const socket = connect(Number(new URL(hush.api).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.on('data', (data) => onData(String(data)));
  return socket;
}

/** Returns everything that is answered until the connection is closed. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = dial((data) => {
      answer += data;
    });
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

const statuses = (answer: string): string[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1] ?? '');

async function recordingState(): Promise<number> {
  const path = `/attendantservice/api/recording/${ucc}/${correlationId}`;
  return (await hush.get(path)).RecordingState;
}

describe('nothing is carried out after an answer that closes the connection', () => {
  const tooLong = JSON.stringify({ Action: 'x'.repeat(70_000) });
  test.each<[string, () => string, string]>([
    ['a body over the limit', () => post(tooLong), '413'],
    ['one whose client closes', () => post(tooLong, ['Connection: close']), '413'],
    ['a body that is not JSON', () => post('{'), '400'],
    ['an unknown content encoding', () => post('{}', ['Content-Encoding: compress']), '415'],
    ['a command whose client closes', () => command('Mark', ['Connection: close']), '200'],
    ['a read whose client closes', () => get('/api/calls', ['Connection: close']), '200'],
    ['a request without a host', () => 'GET /api/health HTTP/1.1\r\n\r\n', '400'],
    ['a target that names one, without', () => `GET ${hush.api}/ HTTP/1.1\r\n\r\n`, '400'],
    ['a host that is none', () => 'GET / HTTP/1.1\r\nHost: <a>\r\n\r\n', '400'],
    [
      'an expectation that nobody knows',
      () => get('/api/calls', ['Expect: the worst', 'Connection: close']),
      '200',
    ],
    ['headers that are none', () => 'GET / HTTP/1.1\r\nno header\r\n\r\n', '400'],
    ['headers without end', () => get('/', [`X-A: ${'x'.repeat(20_000)}`]), '431'],
    ['chunks that are none', () => chunked('zz\r\n'), '400'],
  ])('%s', async (_, first, status) => {
    const before = hush.events.length;
    const answer = await exchange(first() + command('Start') + command('Start'));
    expect(statuses(answer)).toEqual([status]);
    // A later command on another connection finds the state unchanged.
    await hush.command('UnMark', correlationId);
    expect(await recordingState()).toBe(2);
    expect(hush.events.slice(before).map(({ action }) => action)).not.toContain(1);
  });

  test('no upgrade either', async () => {
    const upgrade = get('/attendantservice/hubs/recording', [
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]);
    expect(statuses(await exchange(post('{') + upgrade))).toEqual(['400']);
  });
});

test('commands of one connection take effect in order, each answered in its turn', async () => {
  const actions = ['Start', 'Pause', 'Start', 'Mark', 'Pause', 'Stop'];
  const before = hush.events.length;
  const last = get('/api/nothing', ['Connection: close']);
  const answer = await exchange(actions.map((action) => command(action)).join('') + last);
  expect(statuses(answer)).toEqual([...actions.map(() => '200'), '404']);
  const states = [...answer.matchAll(/"RecordingState":(\d)/g)].map(([, state]) => Number(state));
  expect(states).toEqual([1, 3, 1, 1, 3, 2]);
  expect(hush.events.slice(before).map(({ action }) => action)).toEqual([1, 3, 1, 6, 3, 2]);
});

describe('an unreadable request ends the connection after the earlier answers', () => {
  test.each([
    ['no HTTP', () => 'nonsense\r\n\r\n', '400'],
    ['headers without end', () => get('/', [`X-A: ${'x'.repeat(20_000)}`]), '431'],
    ['no chunks', () => chunked('zz\r\n'), '400'],
  ])('%s', async (_, last, status) => {
    const before = hush.events.length;
    const answer = await exchange(command('Mark') + last() + command('Start'));
    expect(statuses(answer)).toEqual(['200', status]);
    await hush.command('UnMark', correlationId);
    expect(hush.events.slice(before).map(({ action }) => action)).toEqual([6, 7]);
  });
});

describe('an unsupported upgrade', () => {
  const h2c = [
    ...['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'],
    'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  ];
  test.each([
    ['to HTTP/2, as Java and curl have it', h2c],
    ['to what nobody knows', ['Connection: Upgrade', 'Upgrade: carrier-pigeon']],
    ['to a WebSocket, by no GET', ['Connection: Upgrade', 'Upgrade: websocket']],
  ])('%s is an ordinary request', async (_, headers) => {
    const before = hush.events.length;
    for (const action of ['Start', 'Pause']) {
      const answer = await exchange(command(action, headers) + command('Mark'));
      expect(statuses(answer)).toEqual(['200']);
      expect(answer.toLowerCase()).toContain('connection: close');
    }
    const read = await exchange(get('/api/calls', h2c) + command('Mark'));
    expect(statuses(read)).toEqual(['200']);
    await hush.command('UnMark', correlationId);
    expect(hush.events.slice(before).map(({ action }) => action)).toEqual([1, 3, 7]);
  });

  test('may have a body that arrives later', async () => {
    const [head = '', body = ''] = command('Start', h2c).split(/(?<=\r\n\r\n)/);
    const answered = Promise.withResolvers<string>();
    const socket = dial(answered.resolve);
    socket.write(head, () => setImmediate(() => socket.write(body)));
    expect(await answered.promise).toMatch(/^HTTP\/1\.1 200 /);
    expect(await recordingState()).toBe(1);
  });
});

test('a request after an endless stream waits, and ends with its connection', async () => {
  const heard = Promise.withResolvers<void>();
  const socket = dial((data) => {
    if (data.includes(': hello')) heard.resolve();
  });
  socket.write(get('/api/events') + command('Start'));
  await heard.promise;
  await hush.command('Mark', correlationId);
  expect(await recordingState()).toBe(2);
  socket.destroy();
  await hush.command('UnMark', correlationId);
  expect(await recordingState()).toBe(2);
});

test('a client that sends without end after an answer is cut off', async () => {
  const closed = Promise.withResolvers<void>();
  const socket = dial(() => undefined);
  socket.on('close', () => closed.resolve());
  socket.write(get('/api/events') + get('/api/calls').repeat(300));
  await closed.promise;
});
