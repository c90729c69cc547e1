// Many WebSocket clients of a hub that receive everything and parse almost nothing, so that they
// cost little beside the server. Runs in a process of its own.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface ListenRequest {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
}

export interface ListenResult {
  /** Events counted at one client. */
  readonly events: number;
  /** Bytes of all clients. */
  readonly bytes: number;
}

const SEPARATOR = 0x1e;
/** End of a run's last event; a read may end anywhere within it. */
const LAST = Buffer.from('"StateAction":2}]}\x1e');
const CONNECTING = 50;
/** A hub closes clients that are silent for 30 s. */
const PING_MS = 10_000;
const ping = textFrame('{"type":6}\x1e');

const sockets: Socket[] = [];
let events = 0;
let bytes = 0;
let finished = 0;

/** Builds a text frame (RFC 6455 section 5.3) with a mask of zeros, which changes nothing. */
function textFrame(text: string): Buffer {
  const header = [0x81, 0x80 | Buffer.byteLength(text), 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(header), Buffer.from(text)]);
}

async function open({ port, path }: ListenRequest): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
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
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  socket.write(textFrame('{"protocol":"json","version":1}\x1e'));
  await once(socket, 'data');
  const counts = sockets.length === 0;
  sockets.push(socket);
  let tail: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (counts) for (const byte of chunk) if (byte === SEPARATOR) events += 1;
    tail = chunk.length < LAST.length ? Buffer.concat([tail, chunk]) : chunk;
    tail = tail.subarray(-LAST.length);
    if (tail.equals(LAST)) finish();
  });
}

function finish(): void {
  finished += 1;
  if (finished < sockets.length) return;
  const result: ListenResult = { events, bytes };
  process.send?.(result);
  [events, bytes, finished] = [0, 0, 0];
}

process.on('message', async (request: ListenRequest) => {
  for (let count = 0; count < request.clients; count += CONNECTING) {
    await Promise.all(Array.from({ length: CONNECTING }, () => open(request)));
  }
  process.send?.({ connected: sockets.length });
});
setInterval(() => {
  for (const socket of sockets) socket.write(ping);
}, PING_MS);
process.once('disconnect', () => process.exit());
