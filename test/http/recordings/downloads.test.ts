import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBench, openBench, record } from '../api-support.ts';
import { unreadDownload } from './unread-download.ts';

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

test('a download that its client does not read is cut off', async () => {
  const { closed } = await unreadDownload(bench.hush.api, `/api/recordings/${id}/audio`);
  expect(await closed).toBeGreaterThan(350);
});

test('a download that is read is not cut off, however slowly it is made', async () => {
  const caller = await bench.caller.call(bench.hush);
  await caller.frames(20);
  await bench.hush.command('Pause', caller.correlationId);
  // A paused call yields no audio.
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
