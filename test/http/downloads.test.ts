import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBench, openBench, record } from './api-support.ts';

/** Longer than what the sockets of both sides hold, as WAV: some 12 MB. */
const COPIES = 100;

let bench: ApiBench;
let id: string;

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({
      ...config,
      archive: { ...config.archive, maxExports: 2, downloadTimeoutMs: 400 },
    }),
  });
  ({ id } = await record(bench, { frames: 200 }));
});
afterAll(() => bench.close());

/** Asks for it many times on one connection, and reads nothing of it. */
async function unread(path: string): Promise<{ socket: Socket; closed: Promise<number> }> {
  const { port } = new URL(bench.hush.api);
  const socket = connect(Number(port), '127.0.0.1');
  const begun = performance.now();
  const closed = new Promise<number>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(performance.now() - begun));
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`.repeat(COPIES));
  return { socket, closed };
}

test('a download that its client does not read is cut off', async () => {
  const { socket, closed } = await unread(`/api/recordings/${id}/audio`);
  // A socket that is not read tells of its end by an error when it is written to.
  const ping = setInterval(() => socket.write('\r\n'), 100);
  const lasted = await closed;
  clearInterval(ping);
  expect(lasted).toBeGreaterThan(350);
  expect(lasted).toBeLessThan(5_000);
});

test('one that is read, however slowly it is made, is not', async () => {
  const caller = await bench.caller.call(bench.hush);
  await caller.frames(20);
  await bench.hush.command('Pause', caller.correlationId);
  // Nothing comes of a paused call.
  const live = await fetch(`${bench.hush.api}/api/calls/${caller.correlationId}/audio`);
  const reader = live.body?.getReader();
  const until = performance.now() + 1_500;
  let ended = false;
  const reading = (async () => {
    for (;;) {
      const { done } = (await reader?.read()) ?? { done: true };
      if (done) break;
    }
    ended = true;
  })();
  while (performance.now() < until) await bench.hush.get('/api/health');
  expect(ended).toBe(false);
  await caller.call.end();
  await reading;
});
