import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCaller } from '../../support/calls.ts';
import { TestHush } from '../../support/hush/hush.ts';

describe('a destroyed recording', () => {
  let hush: TestHush;
  let caller: TestCaller;
  beforeEach(async () => {
    hush = await TestHush.start();
    caller = await TestCaller.open();
  });
  afterEach(async () => {
    await caller.close();
    await hush.remove();
  });

  function keysOf(callId: string): unknown[] {
    const database = new DatabaseSync(join(hush.dataDir, 'hush.sqlite'), { readOnly: true });
    const statement = database.prepare('select wrapped_key from segments where call_id = ?');
    const keys = statement.all(callId).map((row) => row.wrapped_key);
    database.close();
    return keys;
  }

  it('has neither files nor keys, and the others keep theirs', async () => {
    const calls = [await caller.call(hush), await caller.call(hush)];
    const [gone, kept] = calls;
    if (!gone || !kept) throw new Error('no calls');
    await gone.frames(60);
    const live = await hush.get(`/api/calls/${gone.correlationId}`);
    const folder = join(hush.dataDir, 'recordings', live.id);
    expect(readdirSync(folder).sort()).toEqual(['0-0.seg', '1-0.seg']);
    expect(keysOf(live.id).every((key) => typeof key === 'string')).toBe(true);
    await hush.command('Delete', gone.correlationId);
    await Promise.all(calls.map(({ call }) => call.end()));
    const settled = await hush.settled(gone.correlationId);
    expect(settled.type).toBe('recordingDestroyed');
    expect(existsSync(folder)).toBe(false);
    expect(keysOf(live.id)).toEqual([null, null]);
    const response = await fetch(`${hush.api}/api/recordings/${live.id}/audio`);
    expect(response.status).toBe(410);
    const { callId } = await hush.settled(kept.correlationId);
    expect(keysOf(callId).every((key) => typeof key === 'string')).toBe(true);
    expect((await hush.audio(callId)).length).toBeGreaterThan(44);
  });
});
