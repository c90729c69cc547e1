import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestCaller } from '../support/calls.ts';
import { type TestHush, ucc } from '../support/hush/hush.ts';
import { startHush } from './support/hub-hush.ts';
import { hubPath } from './support/listener.ts';
import { pysignalr, signalrcore } from './support/python-bytes.ts';

/** Tests Python's clients, which cannot be installed here, by their exact bytes. */

let hush: TestHush;
let caller: TestCaller;
let correlationId: string;
let open: Wire[] = [];

beforeAll(async () => {
  hush = await startHush([ucc]);
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
});
afterEach(() => {
  for (const wire of open) wire.socket.destroy();
  open = [];
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

/** A connection, and everything received on it. */
class Wire {
  readonly socket: Socket;
  bytes: Buffer = Buffer.alloc(0);
  readonly #looks = new Set<() => void>();

  constructor() {
    this.socket = connect(Number(new URL(hush.api).port), '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => {
      this.bytes = Buffer.concat([this.bytes, Buffer.from(data)]);
      for (const look of this.#looks) look();
    });
    open.push(this);
  }

  /** Resolves with the received text once it contains that. */
  async until(text: string): Promise<string> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.bytes.includes(text)) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
    return this.bytes.toString();
  }

  get ended(): Promise<string> {
    return new Promise((resolve) => {
      this.socket.on('close', () => resolve(this.bytes.toString()));
    });
  }
}

interface Filling {
  readonly id?: string;
  readonly body?: string;
}

function filled(template: string, { id = '', body = '' }: Filling = {}): string {
  const text = body.replace('{ucc}', ucc);
  const values: Record<string, string> = {
    path: hubPath,
    host: '127.0.0.1',
    port: new URL(hush.api).port,
    ucc,
    id,
    length: String(Buffer.byteLength(text)),
    body: text,
  };
  return template.replace(
    /\{(path|host|port|ucc|id|length|body)\}/g,
    (_, name) => values[name] ?? '',
  );
}

/** Sends one request on a connection of its own, which closes after the answer. */
async function ask(template: string, filling?: Filling): Promise<{ status: number; body: string }> {
  const wire = new Wire();
  const { ended } = wire;
  wire.socket.write(filled(template, filling));
  const answer = await ended;
  const end = answer.indexOf('\r\n\r\n');
  const body = answer.slice(end + 4);
  const isChunked = answer.slice(0, end).toLowerCase().includes('chunked');
  return { status: Number(answer.slice(9, 12)), body: isChunked ? dechunked(body) : body };
}

/** Joins chunks of ASCII (RFC 9112 section 7.1). */
function dechunked(body: string): string {
  const [head = ''] = body.split('\r\n', 1);
  const size = Number.parseInt(head, 16);
  if (!(size > 0)) return '';
  const start = head.length + 2;
  return body.slice(start, start + size) + dechunked(body.slice(start + size + 2));
}

async function negotiated(template: string): Promise<string> {
  const wire = new Wire();
  wire.socket.write(filled(template));
  const answer = await wire.until('}]}');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer.toLowerCase()).toContain('content-type: application/json');
  const { connectionId } = JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '');
  return connectionId;
}

/** Builds a masked text frame (RFC 6455 section 5.2). */
function textFrame(text: string): Buffer {
  const [mask, payload] = [Buffer.from([1, 2, 3, 4]), Buffer.from(text)];
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([Buffer.from([0x81]), length, mask, masked]);
}

const event = (action: number): string =>
  `{"type":1,"target":"RecordingStateChangedEvent","arguments":[{"UccName":"${ucc}",` +
  `"CorrelationId":"${correlationId}","StateAction":${action}}]}\x1e`;

test('signalrcore by long polling may send its handshake before its first poll', async () => {
  const id = await negotiated(signalrcore.negotiate);
  const post = (body: string) => ask(signalrcore.post, { id, body });
  const poll = async () => {
    const { status, body } = await ask(signalrcore.poll, { id });
    expect(status).toBe(200);
    return body;
  };
  expect(await post(signalrcore.handshake)).toEqual({ status: 200, body: '' });
  // The first poll is empty, as the vendor's server answers it.
  expect(await poll()).toBe('');
  expect(await poll()).toBe('{}\x1e');
  expect(await post(signalrcore.subscribe)).toEqual({ status: 200, body: '' });
  expect(await poll()).toBe('{"type":3,"invocationId":"2d43793445334"}\x1e');
  expect((await post(signalrcore.ping)).status).toBe(200);
  const next = poll();
  await hush.command('Mark', correlationId);
  expect(await next).toContain(event(6));
  expect((await ask(signalrcore.delete, { id })).status).toBe(202);
});

test('signalrcore by long polling may send anything before its first poll', async () => {
  const id = await negotiated(signalrcore.negotiate);
  for (const body of [signalrcore.handshake, signalrcore.subscribe, signalrcore.ping]) {
    expect((await ask(signalrcore.post, { id, body })).status).toBe(200);
  }
  const polls = [await ask(signalrcore.poll, { id }), await ask(signalrcore.poll, { id })];
  const text = polls.map(({ body }) => body).join('');
  const rest = text.includes('"type":3') ? '' : (await ask(signalrcore.poll, { id })).body;
  expect(text + rest).toBe('{}\x1e{"type":3,"invocationId":"2d43793445334"}\x1e');
});

test('messages of a client without a transport are bounded', async () => {
  const id = await negotiated(signalrcore.negotiate);
  const body = `${'x'.repeat(20_000)}`;
  expect((await ask(signalrcore.post, { id, body })).status).toBe(200);
  expect((await ask(signalrcore.post, { id, body })).status).toBe(413);
});

test('signalrcore connects by server-sent events', async () => {
  const id = await negotiated(signalrcore.negotiate);
  const stream = new Wire();
  stream.socket.write(filled(signalrcore.stream, { id }));
  expect(await stream.until(':\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect((await ask(signalrcore.post, { id, body: signalrcore.handshake })).status).toBe(200);
  await stream.until('data: {}\x1e');
  expect((await ask(signalrcore.post, { id, body: signalrcore.subscribe })).status).toBe(200);
  await stream.until('data: {"type":3,"invocationId":"2d43793445334"}\x1e');
  await hush.command('UnMark', correlationId);
  await stream.until(`data: ${event(7)}`);
});

test.each([
  ['signalrcore', signalrcore],
  ['pysignalr', pysignalr],
])('%s connects by WebSocket', async (_, client) => {
  const id = await negotiated(client.negotiate);
  const wire = new Wire();
  wire.socket.write(filled(client.upgrade, { id }));
  const opened = await wire.until('\r\n\r\n');
  expect(opened).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(opened).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  wire.socket.write(textFrame(client.handshake));
  await wire.until('{}\x1e');
  wire.socket.write(textFrame(client.subscribe.replace('{ucc}', ucc)));
  await wire.until('"type":3,"invocationId":');
  wire.socket.write(textFrame(client.ping));
  await hush.command('Save', correlationId);
  await wire.until(event(4));
  // A pong, or anything else that a browser would not send, does not end the connection.
  wire.socket.write(Buffer.from([0x8a, 0x80, 1, 2, 3, 4]));
  await hush.command('Delete', correlationId);
  await wire.until(event(5));
});
