import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBench, openBench, record } from '../../http/api-support.ts';
import { unreadDownload } from '../../http/recordings/unread-download.ts';
import { few, longTest } from '../../support/length.ts';
import { closeStores, prepared, removeBenches } from '../damage/damaged-bench.ts';
import { archiveOf } from './erasure-parts.ts';

let bench: ApiBench;

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'none' },
      // Only the erasure ends a download here.
      archive: { ...config.archive, downloadTimeoutMs: 600_000 },
    }),
  });
});
afterAll(async () => {
  await bench.close();
  await closeStores();
  removeBenches();
});

/** The server's sockets of downloads. */
const connections = new Map<string, Socket>();
subscribe('http.server.request.start', (message) => {
  const { request, socket } = message as { request: IncomingMessage; socket: Socket };
  if (request.method === 'GET') connections.set(request.url ?? '', socket);
});

/** Resolves once the client's and the server's sockets are full, and more waits. */
async function untilFull(path: string): Promise<void> {
  let before = -1;
  const isFull = (): boolean => {
    const { bytesWritten = 0, writableLength = 0 } = connections.get(path) ?? {};
    const isSame = writableLength > 0 && bytesWritten === before;
    before = bytesWritten;
    return isSame;
  };
  await expect.poll(isFull, { interval: 200, timeout: 30_000 }).toBe(true);
}

const ways = ['audio', 'vcon?audio=wav'];
const spans = [{ whole: true }, { startMs: 2_000, endMs: 2_001 }];

test.each(
  few(
    ways.flatMap((way) => spans.map((span) => [way, span] as const)),
    1,
  ),
)(
  'a download of %s that its client does not read ends with an erasure of %o',
  async (way, span) => {
    const { id } = await record(bench, { frames: 200 });
    const path = `/api/recordings/${id}/${way}`;
    const { closed } = await unreadDownload(bench.hush.api, path);
    await untilFull(path);
    const body = { reason: 'card number', ...span };
    const { status } = await bench.hush.post(`/api/recordings/${id}/erasures`, body);
    expect(status).toBe(201);
    // Bytes read before stay in buffers, for as long as the client likes.
    await closed;
  },
);

longTest('a finished export that waits for its client is told of an erasure', async () => {
  const { bench: stored, store } = await prepared();
  const archive = archiveOf(stored.place, store, { maxExports: 1 });
  for (const isClosed of [false, true]) {
    const exported = await archive.export(stored.call.callId, 'flac');
    for await (const _ of exported.bytes());
    if (isClosed) await exported.close();
    await archive.interrupt(stored.call.callId);
    expect(exported.erased.aborted).toBe(!isClosed);
  }
  await archive.close();
});
