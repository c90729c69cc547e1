import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrations } from '../../src/store/schema/migrate.ts';
import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { TestHush, temporaryFolder, ucc } from '../support/hush/hush.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = temporaryFolder();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** A paused call in progress, as the release before 0005-media left it. */
async function pausedCall(): Promise<{ id: string; correlationId: string }> {
  const { kysely, close } = openSqlite(join(dataDir, 'hush.sqlite'));
  const provider = { getMigrations: async () => migrations };
  const migrated = await new Migrator({ db: kysely, provider }).migrateTo('0004-pauses');
  expect(migrated.error).toBeUndefined();
  const [id, correlationId] = [randomUUID(), randomUUID()];
  const began = Date.now() - 60_000;
  const call = {
    ...{ id, correlation_id: correlationId, ucc_name: ucc, version: 3, parties: '[]' },
    ...{ recording_state: 3, marking_state: 0, saving_state: 0, pause_confirmed: 1 },
    ...{ status: 'live', recorded: 1, first_sequence: 1, last_sequence: 1, began_at: began },
    ...{ gap_started_at: began + 1_000, paused_at: began + 1_000, leases: '[]' },
  };
  const event = {
    ...{ ucc_name: ucc, sequence: 1, type: 'callBegan', call_id: id, at: began },
    ...{ correlation_id: correlationId, recording_state: 1, marking_state: 0, saving_state: 0 },
  };
  const track = {
    ...{ call_id: id, track: 0, label: '1', role: 'other', codec: 'PCMU', clock_rate: 8000 },
    ...{ packets: '{}', reason_changes: '[]', start_position: 0 },
  };
  const session = { id: randomUUID(), call_id: id, streams: '[]', signalling: '{}' };
  await kysely
    .insertInto('calls')
    .values(call as never)
    .execute();
  await kysely
    .insertInto('events')
    .values(event as never)
    .execute();
  await kysely
    .insertInto('tracks')
    .values(track as never)
    .execute();
  await kysely
    .insertInto('recording_sessions')
    .values(session as never)
    .execute();
  await close();
  return { id, correlationId };
}

it('a paused call that cannot be taken up is ended at the start, and says so', async () => {
  const { id, correlationId } = await pausedCall();
  const hush = await TestHush.start({ dataDir });
  try {
    await hush.settled(correlationId);
    const started = await hush.command('Start', correlationId);
    expect(started.ErrorMessage).not.toBeNull();
    const types = hush.events.filter(({ callId }) => callId === id).map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['alarmRaised', 'callEnded']);
    const { items } = await hush.get('/api/alarms?kind=sessionLost');
    expect(items).toMatchObject([{ callId: id, detail: expect.stringContaining('it is ended') }]);
    const { verdict, reasons } = await hush.get(`/api/calls/${id}/health`);
    expect(verdict).not.toBe('complete');
    expect(reasons.map(({ code = '' }) => code)).toContain('sessionLost');
  } finally {
    await hush.stop();
  }
});
