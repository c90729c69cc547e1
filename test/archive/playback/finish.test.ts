import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { StoredCall } from '../stored-call.ts';

let call: StoredCall;
let store: SqlStore;
beforeEach(async () => {
  call = new StoredCall();
  store = await SqlStore.open(openSqlite(join(call.recordingsDir, 'hush.sqlite')));
});
afterEach(async () => {
  await store.close();
  call.remove();
});

it('reports length and gaps of tracks with different clocks, from one beginning', async () => {
  const { callId } = call;
  const phone = call.track('PCMU', 8000);
  const wide = call.track('OPUS', 48_000);
  // From 0.5 s on, without the audio between 1 and 2 s.
  for (const at of [4_000, 6_000, 16_000]) phone.add(at, new Uint8Array(2_000));
  // From 0.25 s on, one packet lost.
  for (let index = 0; index < 100; index += 1) {
    if (index !== 50) wide.add(12_000 + index * 960, Uint8Array.of(8), 960);
  }
  await call.end();
  await store.commit({ tracks: call.tracks, segments: call.segments });
  const archive = call.archive(store);
  const { lengthMs, gaps, tracks } = await archive.finish(callId);
  expect(lengthMs).toBe(2_000);
  expect(gaps).toEqual([
    { callId, track: 0, start: 8_000 - 2_000, length: 8_000, reason: 'loss' },
    { callId, track: 1, start: 50 * 960, length: 960, reason: 'loss' },
  ]);
  expect(tracks.map(({ startPosition, endPosition }) => [startPosition, endPosition])).toEqual([
    [4_000, 18_000],
    [12_000, 108_000],
  ]);
  const playback = await archive.play(callId);
  expect([playback.sampleRate, playback.samples]).toEqual([48_000, 96_000]);
  await playback.close();
});

it('reports the losses of a track whose end a crash took, as far as they are known', async () => {
  const { callId } = call;
  const phone = call.track('PCMU', 8000);
  phone.add(0, new Uint8Array(8_000));
  phone.pause('api');
  await call.end();
  phone.record = { ...phone.record, endPosition: null };
  const [first] = call.segments;
  if (!first) throw new Error('nothing was sealed');
  // A Start, and audio of which nothing had reached the disk when the process died.
  const begun = { segment: 1, closedBy: null, sealed: { start: 40_000, end: 40_000, chunks: 0 } };
  await store.commit({ tracks: call.tracks, segments: [...call.segments, { ...first, ...begun }] });
  const { lengthMs, gaps } = await call.archive(store).finish(callId);
  expect(lengthMs).toBe(5_000);
  expect(gaps).toEqual([{ callId, track: 0, start: 8_000, length: 32_000, reason: 'api' }]);
});
