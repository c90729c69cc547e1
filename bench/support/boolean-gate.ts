// The baseline of the fence bench: one dgram socket per stream and a flag per call, which a command
// sets and answers at once. It keeps the numbers of the frames it would have recorded.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { BooleanGateMedia, type KeptFrames } from './boolean-gate-media.ts';

/**
 * `quiet`: one event loop; `stalls`: one event loop that stalls; `thread`: the sockets in a thread
 * that stalls, and the flags in memory shared with the command thread, which does not.
 */
export type GateKind = 'quiet' | 'stalls' | 'thread';

export interface GateAddresses {
  readonly port: number;
  /** Ports in the order of the calls. */
  readonly rtpPorts: readonly number[];
}

const correlationIds = JSON.parse(process.argv[2] ?? '[]') as string[];
const kind = process.argv[3] as GateKind;
const flags = new Int32Array(new SharedArrayBuffer(correlationIds.length * 4)).fill(1);
const calls = new Map(correlationIds.map((id, index) => [id, index]));

function carry(body: string): string {
  const { Action, CorrelationId } = JSON.parse(body) as { Action: string; CorrelationId: string };
  const call = calls.get(CorrelationId);
  if (call !== undefined && Action !== 'Mark')
    Atomics.store(flags, call, Action === 'Start' ? 1 : 0);
  return JSON.stringify({ CorrelationId, ErrorMessage: null });
}

async function openMedia(): Promise<{ ports: number[]; kept(): Promise<KeptFrames> }> {
  if (kind !== 'thread') {
    const media = new BooleanGateMedia(flags);
    return { ports: await media.bind(), kept: async () => media.kept() };
  }
  const entry = new URL('./boolean-gate-thread.ts', import.meta.url);
  const worker = new Worker(entry, { workerData: flags });
  const next = async <Message>(): Promise<Message> => (await once(worker, 'message'))[0] as Message;
  return {
    ports: await next<number[]>(),
    kept: () => {
      worker.postMessage('kept');
      return next<KeptFrames>();
    },
  };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = carry(Buffer.concat(chunks).toString());
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(answer),
    };
    response.writeHead(200, headers).end(answer);
  });
});
// The client's connections stay open between its bursts.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const media = await openMedia();
process.on('message', () => {
  void media.kept().then((kept) => process.send?.(kept));
});
process.once('disconnect', () => process.exit());
const { port } = server.address() as AddressInfo;
process.send?.({ port, rtpPorts: media.ports } satisfies GateAddresses);
if (kind === 'stalls') await import('../../test/support/hush/stalls.ts');
