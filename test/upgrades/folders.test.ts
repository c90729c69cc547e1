import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCaller } from '../support/calls.ts';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { foldersDir, unpack } from './packed-folder.ts';

const folders = readdirSync(foldersDir).filter((name) => name.endsWith('.json.gz'));

/** Each was made by the version that it is named after (make-folder.ts). */
describe.each(folders)('the data folder %s', (name) => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = temporaryFolder();
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('is opened with all that is in it, and a new call is recorded beside it', async () => {
    const { kept, destroyed, paused } = unpack(join(foldersDir, name), dataDir);
    // It is a copy.
    await expect(TestHush.start({ dataDir })).rejects.toThrow(/is a copy.*--adopt/);
    const hush = await TestHush.start({ dataDir, overrides: { adopt: true } });
    const caller = await TestCaller.open();
    try {
      for (const [id, length] of Object.entries(kept)) {
        const audio = await hush.audio(id);
        expect(audio.length).toBe(length);
        expect(audio.subarray(44).some((byte) => byte !== 0)).toBe(true);
      }
      for (const id of destroyed) {
        expect((await fetch(`${hush.api}/api/recordings/${id}/audio`)).status).toBe(410);
      }
      for (const correlationId of paused) await expectEnded(hush, correlationId);
      const placed = await caller.call(hush);
      await placed.frames(5);
      await placed.call.end();
      expect((await hush.settled(placed.correlationId)).type).toBe('recordingSaved');
    } finally {
      await caller.close();
      await hush.stop();
    }
  });
});

/** Its session belongs to the original, or to a release that kept too little of it. */
async function expectEnded(hush: TestHush, correlationId: string): Promise<void> {
  const { callId } = await hush.settled(correlationId);
  const types = hush.events.filter((event) => event.callId === callId).map(({ type }) => type);
  expect(types).toContain('alarmRaised');
  expect(types).toContain('callEnded');
  const { verdict, reasons } = await hush.get(`/api/calls/${callId}/health`);
  expect(verdict).not.toBe('complete');
  expect(reasons.map(({ code = '' }) => code)).toContain('sessionLost');
  expect((await hush.get('/api/calls')).items).toEqual([]);
}
