import { cpSync, mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { loudFrame } from '../../archive/damage/harms.ts';
import { StoredCall } from '../../archive/stored-call.ts';
import { aCall } from '../../store/samples.ts';
import { TestHush, temporaryFolder } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';

/** More than the sockets of both sides hold: some 20 MB as WAV. */
const SECONDS = 600;

const dataDir = temporaryFolder();
const call = new StoredCall();
let hush: TestHush;

beforeAll(async () => {
  const track = call.track('PCMU', 8000);
  track.addAll(0, loudFrame(SECONDS * 8_000), { samples: 160 });
  await call.end();
  const store = await SqlStore.open(openSqlite(join(dataDir, 'hush.sqlite')));
  const record = aCall({ id: call.callId, status: 'kept', endedAt: Date.now(), legalHold: null });
  await store.commit({ call: record, tracks: call.tracks, segments: call.segments });
  await store.close();
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'none' },
      masterKey: call.masterKey.toString('hex'),
    }),
  });
});
afterAll(async () => {
  await hush.remove();
  call.remove();
});

/** 503 while the thread of the export that was cut off is still ending. */
async function answerTo(way: string) {
  const response = await fetch(`${hush.api}/api/recordings/${call.callId}/${way}`);
  const { status } = response;
  if (status !== 503) return { status, body: (await response.text()).slice(0, 200) };
  await response.arrayBuffer();
  throw new Error('the last export has not ended');
}

test.each(
  few([
    ['a WAV, of which the length was told', 'audio'],
    ['a FLAC, of which it was not', 'audio?format=flac'],
    ['a vCon', 'vcon?audio=wav'],
  ]),
)('%s is cut off when its audio ends too early', async (_, way) => {
  const recordings = join(dataDir, 'recordings');
  mkdirSync(recordings, { recursive: true });
  cpSync(join(call.recordingsDir, call.callId), join(recordings, call.callId), { recursive: true });
  const response = await fetch(`${hush.api}/api/recordings/${call.callId}/${way}`);
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  await reader?.read();
  const file = segmentFile({ callId: call.callId, track: 0, segment: 0 });
  truncateSync(join(recordings, file), 2_000_000);
  const rest = (async () => {
    while (!(await reader?.read())?.done);
  })();
  await expect(rest).rejects.toThrow();
  // The recording is no longer served as complete.
  await expect.poll(() => answerTo(way)).toMatchObject({ status: 410 });
});
