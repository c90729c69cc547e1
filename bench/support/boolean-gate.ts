// The baseline of the fence bench: one dgram socket per stream and a flag per call, which the command sets at
// once and answers at once. It keeps the numbers of the frames it would have recorded.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readMarkerFrame } from '../../src/simulator/marker-audio.ts';

export interface GateAddresses {
  readonly api: string;
  /** Two per call, in the order of the calls. */
  readonly ports: readonly number[];
}

/** Per stream that kept any: the numbers of its frames. */
export type KeptFrames = readonly { readonly tag: number; readonly indexes: readonly number[] }[];

const RTP_HEADER_BYTES = 12;
const STREAMS_PER_CALL = 2;
/** Connections of the client stay open between its bursts. */
const KEEP_ALIVE_MS = 120_000;

const correlationIds = JSON.parse(process.argv[2] ?? '[]') as string[];
const stalling = process.argv[3] === 'stalling';
const open = new Map(correlationIds.map((id) => [id, true]));
const kept = new Map<number, number[]>();

function receive(correlationId: string, datagram: Buffer): void {
  if (!open.get(correlationId)) return;
  const marker = readMarkerFrame(datagram.subarray(RTP_HEADER_BYTES));
  if (!marker) return;
  const indexes = kept.get(marker.streamTag);
  if (indexes) indexes.push(marker.index);
  else kept.set(marker.streamTag, [marker.index]);
}

async function bind(correlationId: string): Promise<number> {
  const socket = createSocket('udp4', (datagram) => receive(correlationId, datagram));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  return socket.address().port;
}

function carry(body: string): string {
  const { Action, CorrelationId } = JSON.parse(body) as { Action: string; CorrelationId: string };
  if (Action === 'Pause') open.set(CorrelationId, false);
  if (Action === 'Start') open.set(CorrelationId, true);
  return JSON.stringify({ CorrelationId, ErrorMessage: null });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = carry(Buffer.concat(chunks).toString());
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer);
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
const ports: number[] = [];
for (const id of correlationIds) {
  for (let side = 0; side < STREAMS_PER_CALL; side += 1) ports.push(await bind(id));
}
process.on('message', () => {
  const frames = [...kept].map(([tag, indexes]) => ({ tag, indexes }));
  process.send?.(frames satisfies KeptFrames);
});
const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
process.send?.({ api, ports } satisfies GateAddresses);
if (stalling) await import('../../test/support/stalls.ts');
