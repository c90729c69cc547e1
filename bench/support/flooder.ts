// A client that sends more than it should, at a bounded rate. Runs in a process of its own.
import { createHash, randomUUID } from 'node:crypto';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { agent, ucc } from '../../test/support/hush/hush.ts';
import { Connection, getRequest, requestOf } from './raw-http.ts';

export interface FloodRequest {
  readonly kind: FloodKind;
  readonly httpPort: number;
  readonly sipPort: number;
  /** Id of a recording that can be downloaded. */
  readonly recordingId: string;
}

export const floodKinds = [
  'SDP of 10,000 lines',
  'SDP of 1,000 lines',
  'metadata of 4,000 elements',
  'unread downloads',
  'audit queries',
  'hub subscriptions',
  'digest guesses',
  'refused commands',
] as const;
export type FloodKind = (typeof floodKinds)[number];

const INVITES_PER_SECOND = 40;
const GUESSES_PER_SECOND = 200;
const REFUSED_PER_SECOND = 500;
const QUERIES_PER_SECOND = 50;
const DOWNLOADS = 8;
const HUB_CLIENTS = 100;
/** Most of them are refused. */
const SUBSCRIPTIONS_OF_EACH = 4_000;

let sent = 0;
let port = 0;

async function flood(request: FloodRequest): Promise<void> {
  const { kind, httpPort, recordingId } = request;
  if (kind === 'unread downloads') {
    for (let count = 0; count < DOWNLOADS; count += 1) unreadDownload(httpPort, recordingId);
  } else if (kind === 'hub subscriptions') await subscribe(httpPort);
  else if (kind === 'audit queries') ask(httpPort, QUERIES_PER_SECOND, auditQuery);
  else if (kind === 'refused commands') ask(httpPort, REFUSED_PER_SECOND, refusedCommand);
  else if (kind === 'digest guesses') await guess(request.sipPort);
  else await invite(request.sipPort, bodyOf(kind));
}

/** Sends in batches of a tenth of a second, so that timers cost nothing. */
function perSecond(count: number, send: () => void): void {
  const each = Math.max(1, Math.round(count / 20));
  setInterval(() => {
    for (let turn = 0; turn < each; turn += 1) send();
    sent += each;
  }, 50);
}

interface Body {
  readonly type: string;
  readonly text: string;
}

function bodyOf(kind: FloodKind): Body {
  const lines = kind === 'SDP of 10,000 lines' ? 10_000 : 990;
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  const media = ['m=audio 40000 RTP/AVP 0', 'a=sendonly'];
  const sdp = (more: number): string =>
    [...head, ...media, ...Array.from({ length: more }, () => 'a=x'), ''].join('\r\n');
  if (kind !== 'metadata of 4,000 elements') return { type: 'application/sdp', text: sdp(lines) };
  const people = Array.from(
    { length: 4_000 },
    (_, index) => `<participant participant_id="${index}"/>`,
  );
  const xml = `<recording xmlns="urn:ietf:params:xml:ns:recording:1">${people.join('')}</recording>`;
  const parts = [
    ['application/sdp', sdp(1)],
    ['application/rs-metadata+xml', xml.slice(0, 50_000)],
  ].map(([type, text]) => `--b\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`);
  return { type: 'multipart/mixed;boundary=b', text: `${parts.join('')}--b--\r\n` };
}

function inviteOf({ type, text }: Body, more: readonly string[] = []): Buffer {
  const id = randomUUID();
  const lines = [
    `INVITE sip:${ucc}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${id};rport`,
    ...['Max-Forwards: 70', `From: <${agent}>;tag=${id}`, `To: <sip:${ucc}@127.0.0.1>`],
    ...[`Call-ID: ${id}`, 'CSeq: 1 INVITE', `Contact: <sip:flood@127.0.0.1:${port}>`],
    ...[...more, `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(text)}`],
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

async function openDatagrams(): Promise<Datagrams> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  port = socket.address().port;
  return socket;
}

async function invite(sipPort: number, body: Body): Promise<void> {
  const socket = await openDatagrams();
  perSecond(INVITES_PER_SECOND, () => socket.send(inviteOf(body), sipPort, '127.0.0.1'));
}

/** Each guess answers the latest challenge. */
async function guess(sipPort: number): Promise<void> {
  const socket = await openDatagrams();
  let nonce = '';
  socket.on('message', (data) => {
    nonce = /nonce="([^"]+)"/.exec(data.toString())?.[1] ?? nonce;
  });
  const body = { type: 'application/sdp', text: 'v=0\r\n' };
  const uri = `sip:${ucc}@127.0.0.1`;
  perSecond(GUESSES_PER_SECOND, () => {
    const response = createHash('sha256').update(randomUUID()).digest('hex');
    const answer =
      `Authorization: Digest username="sbc-1", realm="hush", nonce="${nonce}", uri="${uri}", ` +
      `qop=auth, nc=00000001, cnonce="x", algorithm=SHA-256, response="${response}"`;
    socket.send(inviteOf(body, nonce === '' ? [] : [answer]), sipPort, '127.0.0.1');
  });
}

function unreadDownload(httpPort: number, recordingId: string): void {
  const socket: Socket = connect(httpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  const format = sent % 2 === 0 ? 'flac' : 'opus';
  socket.write(getRequest(`/api/recordings/${recordingId}/audio?format=${format}`));
  sent += 1;
}

/** Requests on eight connections, each of which waits for its answer before the next request. */
function ask(httpPort: number, rate: number, request: () => Buffer): void {
  const idle = Array.from({ length: 8 }, () => new Connection(httpPort));
  perSecond(rate, () => {
    const connection = idle.pop();
    if (!connection) return;
    const done = (): void => void idle.push(connection);
    connection.ask(request()).then(done, done);
  });
}

function auditQuery(): Buffer {
  // No rows match this name, so all rows are examined.
  return getRequest('/api/audit-log?who=nobody-of-that-name&limit=100');
}

function refusedCommand(): Buffer {
  const body = {
    Action: 'Pause',
    RequesterSipUri: agent,
    CorrelationId: randomUUID(),
    UCCName: ucc,
  };
  return requestOf('/attendantservice/api/recording/set', JSON.stringify(body));
}

async function subscribe(httpPort: number): Promise<void> {
  for (let client = 0; client < HUB_CLIENTS; client += 1) {
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/attendantservice/hubs/recording`);
    await once(socket, 'open');
    socket.on('error', () => undefined);
    const say = (message: object): void => socket.send(`${JSON.stringify(message)}\x1e`);
    say({ protocol: 'json', version: 1 });
    for (let call = 0; call < SUBSCRIPTIONS_OF_EACH; call += 1) {
      say({ type: 1, target: 'SubscribeCall', arguments: [randomUUID()] });
      sent += 1;
    }
    setInterval(() => say({ type: 6 }), 10_000);
    // By this answer all earlier subscriptions are complete.
    say({ type: 1, invocationId: '1', target: 'Subscribe', arguments: [ucc, null] });
    await new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        if (String(data).includes('"invocationId":"1"')) resolve();
      });
    });
  }
}

process.on('message', (message: FloodRequest | 'sent') => {
  if (message === 'sent') process.send?.({ sent });
  else void flood(message).then(() => process.send?.({ sent }));
});
process.once('disconnect', () => process.exit());
