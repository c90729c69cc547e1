import { pbkdf2 } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SealedArchive } from '../../../src/archive/archive.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { tone } from '../../support/audio/tones.ts';
import { mulaw, StoredCall } from '../stored-call.ts';

let call: StoredCall;
let store: SqlStore;
let archive: SealedArchive;
beforeEach(async () => {
  call = new StoredCall();
  store = await SqlStore.open(openSqlite(join(call.recordingsDir, 'hush.sqlite')));
  archive = call.archive(store, 2);
  call.track('PCMU', 8000).addAll(0, mulaw(tone(8000, 12, 440)), { samples: 160 });
  await call.end();
  await store.commit({ tracks: call.tracks, segments: call.segments });
});
afterEach(async () => {
  await archive.close();
  await store.close();
  call.remove();
});

/** Sealed files of this call that the process has open (proc(5)). */
function openSegments(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return open.filter((path) => path.startsWith(call.recordingsDir) && path.includes('.seg'));
}

/** Keeps all threads that read files busy for a moment: what is opened and closed waits in line. */
function occupyFileThreads(): void {
  for (let index = 0; index < 16; index += 1) {
    pbkdf2('x', 'y', 60_000, 64, 'sha512', () => undefined);
  }
}

it.each(['at its end', 'after its first piece', 'before its first piece'])(
  'an export closed %s leaves no file open, however busy the disk is',
  async (moment) => {
    const audio = await archive.export(call.callId, 'flac');
    const pieces = audio.bytes()[Symbol.asyncIterator]();
    if (moment === 'after its first piece') await pieces.next();
    if (moment === 'at its end') {
      for (let piece = await pieces.next(); !piece.done; ) piece = await pieces.next();
    }
    occupyFileThreads();
    await audio.close();
    expect(openSegments()).toEqual([]);
  },
);

it('an export that ended leaves its place to the next one, however busy the disk is', async () => {
  for (let index = 0; index < 4; index += 1) {
    const audio = await archive.export(call.callId, 'flac', 'somebody');
    for await (const _ of audio.bytes());
    occupyFileThreads();
    void audio.close();
  }
  const closed = await archive.export(call.callId, 'flac', 'somebody');
  void closed.close();
  await (await archive.export(call.callId, 'flac', 'somebody')).close();
});
