import { rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SipRejectedError } from '../../src/protocols/sip/message/errors.ts';
import { nowMs } from '../../src/simulator/verdict.ts';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { commandClient, recordingOf } from '../support/api.ts';
import { watchAudio } from '../support/audio/audio-growth.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { type ServedHush, ServePlace } from '../support/hush/served-hush.ts';
import { few, longTest } from '../support/length.ts';
import { freePort } from '../support/ports.ts';

/** `http.closeTimeout`, and slack for everything else on a busy machine. */
const CLOSE_TIMEOUT_MS = 1_000;
const EXIT_WITHIN_MS = CLOSE_TIMEOUT_MS + 12_000;
/** A frame sent this soon after the signal may have arrived before it was noticed. */
const SIGNAL_MS = 1_500;

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const run of undo.splice(0).reverse()) await run();
});

async function place(shutdown: 'finish' | 'handover', more: object = {}): Promise<ServePlace> {
  const at = await ServePlace.create({
    shutdown,
    http: { closeTimeout: `${CLOSE_TIMEOUT_MS}ms` },
    ...more,
  });
  undo.push(() => rmSync(at.folder, { recursive: true, force: true }));
  return at;
}

async function started(at: ServePlace): Promise<ServedHush> {
  const hush = await at.start();
  undo.push(() => hush.end('SIGKILL'));
  return hush;
}

async function newCaller(): Promise<TestCaller> {
  const caller = await TestCaller.open();
  undo.push(() => caller.userAgent.close());
  return caller;
}

/** Opens a connection that sends this, and then neither reads nor writes. */
async function rawClient(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  undo.push(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(text);
  socket.pause();
  return socket;
}

async function hubClient(at: ServePlace, transport: HttpTransportType): Promise<void> {
  const url = `${at.api}/attendantservice/hubs/recording`;
  const connection = new HubConnectionBuilder()
    .withUrl(url, { transport })
    .configureLogging(LogLevel.None)
    .build();
  await connection.start();
  await connection.invoke('Subscribe', 'ucc-demo-name', null);
  undo.push(() => connection.stop());
}

const http = (lines: readonly string[], body = ''): string =>
  `${[...lines, 'Host: localhost'].join('\r\n')}\r\n\r\n${body}`;

const webSocket = (path: string): string =>
  http([
    `GET ${path} HTTP/1.1`,
    ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]);

/** Connects every kind of client that could delay a stop. */
async function awkwardClients(at: ServePlace, placed: MarkerCall): Promise<void> {
  const httpPort = Number(new URL(at.api).port);
  const classic = '/attendantservice/signalr/connect?transport=webSockets&clientProtocol=1.5';
  for (const said of [
    'GET /api/he',
    '',
    http(['GET /api/health HTTP/1.1']),
    http(['POST /attendantservice/api/recording/set HTTP/1.1', 'Content-Length: 90'], '{'),
    http(['GET /api/events HTTP/1.1']),
    http([`GET /api/calls/${placed.correlationId}/audio HTTP/1.1`]),
    webSocket('/attendantservice/hubs/recording'),
    webSocket(classic),
  ]) {
    await rawClient(httpPort, said);
  }
  await rawClient(at.peer.port, 'OPTIONS sip:hush');
  const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;
  for (const transport of [WebSockets, ServerSentEvents, LongPolling]) {
    await hubClient(at, transport);
  }
}

describe.each(few(['handover', 'finish'] as const, 1))('a stop with shutdown: %s', (shutdown) => {
  test('records nothing from the signal on, and ends, whoever is connected', async () => {
    const at = await place(shutdown);
    const caller = await newCaller();
    const hush = await started(at);
    const placed = await caller.call(at);
    await placed.frames(60);
    await awkwardClients(at, placed);
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 60);
    const signalledAt = nowMs();
    const exited = hush.end('SIGTERM', 'SIGINT', 'SIGTERM');
    const grewAt = await watchAudio(at, exited);
    expect(await exited).toEqual({ code: 0, signal: null });
    const exitMs = nowMs() - signalledAt;
    expect(exitMs).toBeLessThan(EXIT_WITHIN_MS);
    expect(grewAt - signalledAt).toBeLessThan(SIGNAL_MS);
    await expectNothingSentBetween(at, placed, { signalledAt, untilMs: nowMs() });
  });
});

interface Outage {
  readonly signalledAt: number;
  readonly untilMs: number;
}

/** Expects the next process to have the call or its recording, without audio sent in between. */
async function expectNothingSentBetween(
  at: ServePlace,
  placed: MarkerCall,
  { signalledAt, untilMs }: Outage,
): Promise<void> {
  await started(at);
  const calls = (await (await fetch(`${at.api}/api/calls`)).json()) as { items: unknown[] };
  if (calls.items.length > 0) {
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 60);
    await placed.call.end();
  }
  const { id, status } = await recordingOf(at.api, placed.correlationId);
  expect(status).toBe('kept');
  const audio = await fetch(`${at.api}/api/recordings/${id}/audio`);
  const channels = markersInWav(Buffer.from(await audio.arrayBuffer()));
  for (const [side, { tag, sent }] of placed.streams.entries()) {
    const recorded = channels[side]?.get(tag) ?? new Map();
    const meanwhile = sent.filter(
      ({ sentAtMs }) => sentAtMs > signalledAt + SIGNAL_MS && sentAtMs < untilMs,
    );
    expect(meanwhile.filter(({ index }) => recorded.has(index))).toEqual([]);
    const before = sent.filter(({ sentAtMs }) => sentAtMs < signalledAt - SIGNAL_MS);
    expect(before.filter(({ index }) => !recorded.has(index))).toEqual([]);
  }
}

/** When the line was logged, Unix ms. */
function loggedMs(output: string, message: string): number {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const found = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === message);
  return found.time;
}

describe('while Hush stops', () => {
  longTest(
    'a command is answered ErrorType 3, a new session 503, and neither has an effect',
    async () => {
      const at = await place('finish');
      const hush = await started(at);
      const gone = await newCaller();
      const placed = await gone.call(at);
      await placed.frames(20);
      const command = commandClient(at.api);
      expect((await command('Pause', placed.correlationId)).ErrorMessage).toBeNull();
      // A client that does not answer its BYE keeps the stop busy for two seconds.
      await gone.userAgent.close();
      hush.child.kill('SIGTERM');
      await expect
        .poll(async () => (await fetch(`${at.api}/api/health/details`)).json(), { interval: 5 })
        .toMatchObject({ status: 'stopping' });
      for (const action of ['Start', 'Pause', 'Save', 'Mark'] as const) {
        expect((await command(action, placed.correlationId)).ErrorMessage?.ErrorType).toBe(3);
      }
      const lease = await fetch(`${at.api}/api/calls/${placed.correlationId}/pauses`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ owner: 'page', ttlMs: 5_000 }),
      });
      expect(lease.status).toBe(503);
      expect(lease.headers.get('retry-after')).not.toBeNull();
      const another = await newCaller();
      const refused = await another.call(at).catch((cause: unknown) => cause);
      expect(refused).toBeInstanceOf(SipRejectedError);
      expect((refused as SipRejectedError).statusCode).toBe(503);
      expect((await hush.exited).code).toBe(0);
    },
  );

  longTest('handshakes that nobody finishes hold up nothing', async () => {
    const at = await place('handover');
    const pems = await generate([{ name: 'commonName', value: 'hush' }]);
    const [certFile, keyFile] = [join(at.folder, 'hush.crt'), join(at.folder, 'hush.key')];
    writeFileSync(certFile, pems.cert);
    writeFileSync(keyFile, pems.private);
    const tls = { certFile, keyFile };
    const tlsPort = await freePort();
    const hush = at.spawn({ settings: { http: { tls }, sip: { tls, tlsPort } } });
    undo.push(() => hush.end('SIGKILL'));
    await expect.poll(() => hush.out, { timeout: 60_000 }).toContain('"ready"');
    // The first bytes of a ClientHello, and nothing after them.
    for (const port of [Number(new URL(at.api).port), tlsPort]) {
      await rawClient(port, '\x16\x03\x01\x02\x00');
      await rawClient(port, '');
    }
    const signalledAt = nowMs();
    expect((await hush.end('SIGTERM')).code).toBe(0);
    expect(nowMs() - signalledAt).toBeLessThan(EXIT_WITHIN_MS);
  });

  longTest('a signal during the start ends the start', async () => {
    const at = await place('finish');
    const first = await started(at);
    const caller = await newCaller();
    const placed = await caller.call(at);
    await placed.frames(20);
    await first.end('SIGKILL');
    const second = await started(at);
    const startMs = loggedMs(second.out, 'ready') - loggedMs(second.out, 'Hush is starting');
    await second.end('SIGKILL');
    for (const part of [0.2, 0.4, 0.6]) {
      const hush = at.spawn();
      await expect.poll(() => hush.out, { timeout: 60_000 }).toContain('Hush is starting');
      await delay(part * startMs);
      const { code } = await hush.end('SIGTERM');
      expect(code).toBe(0);
      // A start that was faster than the one before it took the call up, and has ended it.
      if (hush.out.includes('"ready"')) {
        expect(part, 'no signal came during a start').toBeGreaterThan(0.2);
        return;
      }
    }
    await started(at);
    const { items } = (await (await fetch(`${at.api}/api/calls`)).json()) as { items: unknown[] };
    expect(items).toHaveLength(1);
    await placed.call.end();
  });
});
