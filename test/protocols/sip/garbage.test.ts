import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { parseMessage } from '../../../src/protocols/sip/message/parser.ts';
import { RawPeer, rawRequest } from './raw-peer.ts';
import { closeAll, HOST, SDP, startAgent } from './support.ts';

afterEach(closeAll);

const MESSAGES = 10_000;
/** So many datagrams at a time do not overrun a socket buffer. */
const BURST = 50;

/** mulberry32: the same sequence in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SPLICES = [
  '\r\n',
  '\r\n\r\n',
  ',',
  ';',
  '"',
  '<',
  '>',
  ':',
  '@',
  '\0',
  '%',
  ' ',
  '=',
  '\\',
  '9',
];
const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'UPDATE', 'INFO', 'PRACK'];

function mutate(data: Buffer, next: () => number): Buffer {
  let bytes = data;
  const times = Math.floor(next() * 6);
  for (let time = 0; time < times; time += 1) {
    const at = Math.floor(next() * bytes.length);
    const to = Math.min(bytes.length, at + Math.floor(next() * 20));
    const splice = Buffer.from(SPLICES[Math.floor(next() * SPLICES.length)] ?? '');
    const kind = next();
    if (kind < 0.3) bytes = Buffer.concat([bytes.subarray(0, at), splice, bytes.subarray(at)]);
    else if (kind < 0.6) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    else if (kind < 0.7) bytes = bytes.subarray(0, at);
    else {
      bytes = Buffer.from(bytes);
      bytes[at] = Math.floor(next() * 256);
    }
  }
  return bytes;
}

it(`the user agent survives ${MESSAGES} mutated messages over UDP and TCP`, async () => {
  const server = await startAgent();
  const raw = await RawPeer.open(server.peer());
  const next = random(20_261_124);
  for (let count = 0; count < MESSAGES; count += 1) {
    const method = METHODS[Math.floor(next() * METHODS.length)] ?? '';
    const fields = { port: raw.port, callId: `c${count % 7}`, sequence: count % 3 };
    const request = rawRequest({ ...fields, method, body: SDP.content.toString() });
    const response = request.replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n');
    const data = mutate(Buffer.from(next() < 0.2 ? response : request), next);
    expect(['request', 'response', 'failure']).toContain(parseMessage(data).kind);
    raw.send(data);
    if (count % 4 === 0)
      connect(server.ua.tcpPort ?? 0, HOST)
        .on('error', () => undefined)
        .end(data);
    if (count % BURST === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const alive = rawRequest({ port: raw.port, callId: 'still-alive' });
  const knocking = setInterval(() => raw.send(alive), 50);
  let answer = await raw.next();
  while (!answer.includes('Call-ID: still-alive')) answer = await raw.next();
  clearInterval(knocking);
  expect(answer).toMatch(/^SIP\/2.0 200 /);
});
