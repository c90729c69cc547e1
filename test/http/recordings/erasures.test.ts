import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { type ApiBench, openBench, problem, problemOf, record } from '../api-support.ts';

const asAdmin = (config: Config): Config => ({
  ...config,
  auth: { ...config.auth, mode: 'none' },
});

let bench: ApiBench;
beforeAll(async () => {
  bench = await openBench({ change: asAdmin });
});
afterAll(() => bench.close());

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${bench.hush.api}/api/recordings/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
}

interface Detail {
  status: string;
  lengthMs: number;
  gaps: { lengthMs: number; reasons: string[] };
  tracks: { gaps: { startMs: number; lengthMs: number; reason: string }[] }[];
}

function rows(sql: string, ...values: string[]): Record<string, unknown>[] {
  const file = join(bench.hush.dataDir, 'hush.sqlite');
  const database = new DatabaseSync(file, { readOnly: true });
  const found = database.prepare(sql).all(...values);
  database.close();
  return found;
}

describe('an erasure of an interval', () => {
  test('leaves a gap and its surroundings, and destroys keys and bytes', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 100 });
    const folder = join(hush.dataDir, 'recordings', id);
    const files = () => readdirSync(folder).sort();
    const before = await hush.audio(id);
    const keys = rows('select wrapped_key from segments where call_id = ?', id);
    const sealed = files().map((name) => readFileSync(join(folder, name)));
    const asked = { reason: 'a card number was read out', startMs: 500, endMs: 900 };
    const response = await ask('POST', `${id}/erasures`, asked);
    const receipt = await response.json();
    expect([response.status, receipt]).toEqual([
      201,
      expect.objectContaining({
        ...asked,
        recordingId: id,
        state: 'done',
        requestedBy: 'anonymous',
        destroyed: [0, 1].map((track) => ({
          track,
          segment: 0,
          generation: 0,
          keySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          bytes: sealed[track]?.length,
          found: 'whole',
          lostMs: 0,
        })),
      }),
    ]);
    expect(await (await ask('GET', `${id}/erasures`)).json()).toEqual({ items: [receipt] });
    expect(files()).toEqual(['0-0.1.seg', '1-0.1.seg']);
    const database = readFileSync(join(hush.dataDir, 'hush.sqlite'), 'latin1');
    for (const { wrapped_key: key } of keys) expect(database).not.toContain(key as string);
    const detail = await hush.get<Detail>(`/api/recordings/${id}`);
    expect(detail.gaps).toEqual({ lengthMs: 400, reasons: ['erased'] });
    for (const { gaps } of detail.tracks) {
      expect(gaps).toEqual([expect.objectContaining({ lengthMs: 400, reason: 'erased' })]);
    }
    const after = await hush.audio(id);
    const [from, until] = [44 + 500 * 32, 44 + 900 * 32];
    expect(after.length).toBe(before.length);
    expect(after.subarray(0, from).equals(before.subarray(0, from))).toBe(true);
    expect(after.subarray(until).equals(before.subarray(until))).toBe(true);
    expect(after.subarray(from, until).every((byte) => byte === 0)).toBe(true);
    expect(before.subarray(from, until).every((byte) => byte === 0)).toBe(false);
  });

  test('may repeat, adjoin and overlap earlier ones', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 60 });
    for (const [startMs, endMs] of [
      [100, 200],
      [300, 400],
      [150, 350],
      [120, 130],
    ]) {
      const response = await ask('POST', `${id}/erasures`, { reason: 'x', startMs, endMs });
      expect(response.status).toBe(201);
    }
    const detail = await hush.get<Detail>(`/api/recordings/${id}`);
    for (const { gaps } of detail.tracks) {
      expect(gaps).toHaveLength(1);
      expect(gaps[0]).toMatchObject({ startMs: 100, lengthMs: 300, reason: 'erased' });
    }
    const erasures = await hush.get<{ items: { destroyed: unknown[] }[] }>(
      `/api/recordings/${id}/erasures`,
    );
    // The last one found nothing left to destroy.
    expect(erasures.items.map(({ destroyed }) => destroyed.length)).toEqual([0, 2, 2, 2]);
  });

  test('destroys the wave form as well', async () => {
    const { id } = await record(bench, { frames: 60 });
    type Peaks = { channels: { min: number[]; max: number[]; gaps: unknown[] }[] };
    const loud = await bench.hush.get<Peaks>(`/api/recordings/${id}/peaks`);
    const at = (peaks: Peaks, point: number) => peaks.channels.map(({ max }) => max[point]);
    expect(at(loud, 10).every((max) => (max ?? 0) > 0)).toBe(true);
    const key = rows('select wrapped_key from derived where call_id = ?', id)[0]?.wrapped_key;
    await ask('POST', `${id}/erasures`, { reason: 'x', startMs: 100, endMs: 400 });
    expect(rows('select wrapped_key from derived where call_id = ?', id)).toEqual([
      { wrapped_key: null },
    ]);
    expect(typeof key).toBe('string');
    const folder = join(bench.hush.dataDir, 'recordings', id);
    expect(readdirSync(folder).sort()).toEqual(['0-0.1.seg', '1-0.1.seg']);
    const after = await bench.hush.get<Peaks>(`/api/recordings/${id}/peaks`);
    expect(at(after, 10)).toEqual([0, 0]);
    expect(after.channels.map(({ gaps }) => gaps)).toEqual([
      [expect.objectContaining({ startMs: 100, lengthMs: 300, reason: 'erased' })],
      [expect.objectContaining({ startMs: 100, lengthMs: 300, reason: 'erased' })],
    ]);
  });

  let kept: { id: string } | undefined;
  test.each([
    [{ reason: 'x' }, 400],
    [{ reason: '', whole: true }, 400],
    [{ whole: true }, 400],
    [{ reason: 'x', whole: true, startMs: 1, endMs: 2 }, 400],
    [{ reason: 'x', startMs: 5 }, 400],
    [{ reason: 'x', startMs: -5, endMs: 5 }, 400],
    [{ reason: 'x', startMs: 5, endMs: 5 }, 400],
    [{ reason: 'x', startMs: 5, endMs: 1e9 }, 400],
    [{ reason: 'x', startMs: 0, endMs: 10, colour: 'red' }, 400],
  ])('%j is refused and changes nothing', async (body, status) => {
    kept ??= await record(bench);
    const { id } = kept;
    const before = await bench.hush.audio(id);
    expect((await ask('POST', `${id}/erasures`, body)).status).toBe(status);
    expect((await bench.hush.audio(id)).equals(before)).toBe(true);
    expect(await (await ask('GET', `${id}/erasures`)).json()).toEqual({ items: [] });
  });
});

describe('an erasure of a whole recording', () => {
  test('leaves neither keys nor bytes, but a receipt', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 20 });
    const response = await ask('POST', `${id}/erasures`, { reason: 'asked by her', whole: true });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ startMs: null, endMs: null, state: 'done' });
    expect(rows('select wrapped_key from segments where call_id = ?', id)).toEqual([
      { wrapped_key: null },
      { wrapped_key: null },
    ]);
    expect(readdirSync(join(hush.dataDir, 'recordings'))).not.toContain(id);
    expect((await ask('GET', `${id}/audio`)).status).toBe(410);
    expect((await hush.get<Detail>(`/api/recordings/${id}`)).status).toBe('destroyed');
    const again = await ask('POST', `${id}/erasures`, { reason: 'again', whole: true });
    expect(await problemOf(again)).toEqual(problem(410, 'Gone', 'The recording is destroyed.'));
    const auditLog = await hush.get<{ items: { action: string }[] }>(
      `/api/audit-log?recording=${id}`,
    );
    expect(auditLog.items.map(({ action }) => action)).toContain('erase');
  });

  test('cuts listeners off', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 60 });
    const listening = await fetch(`${hush.api}/api/recordings/${id}/audio`);
    const reader = listening.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await ask('POST', `${id}/erasures`, { reason: 'x', whole: true });
    expect((await ask('GET', `${id}/audio`)).status).toBe(410);
    // What nobody has open any more takes no room on the disk.
    await expect.poll(deletedButOpen).toEqual([]);
    await reader?.cancel();
  });
});

/** Recordings of this Hush that it has open, and that have no name any more (proc(5)). */
function deletedButOpen(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  const recordings = join(bench.hush.dataDir, 'recordings');
  return open.filter((path) => path.startsWith(recordings) && path.endsWith('.seg (deleted)'));
}

describe('a legal hold', () => {
  test('prevents an erasure until it is released', async () => {
    const { hush } = bench;
    const { id } = await record(bench, { frames: 20 });
    const placed = await ask('PUT', `${id}/legal-hold`, { reason: 'case 12' });
    expect(await placed.json()).toMatchObject({
      legalHold: { reason: 'case 12', owner: 'anonymous' },
    });
    const refused = await ask('POST', `${id}/erasures`, { reason: 'x', whole: true });
    const detail = 'The recording is under legal hold.';
    expect(await problemOf(refused)).toEqual(problem(409, 'Conflict', detail));
    const auditLog = await bench.hush.get(`/api/audit-log?recording=${id}&outcome=refused`);
    expect(auditLog.items).toEqual([
      expect.objectContaining({ action: 'erase', outcome: 'refused', reason: 'onLegalHold' }),
    ]);
    const held = await hush.get<{ items: { id: string }[] }>('/api/recordings?legalHold=true');
    expect(held.items.map((item) => item.id)).toEqual([id]);
    expect((await ask('DELETE', `${id}/legal-hold`, { reason: 'case closed' })).status).toBe(200);
    expect((await ask('DELETE', `${id}/legal-hold`, { reason: 'case closed' })).status).toBe(404);
    const erased = await ask('POST', `${id}/erasures`, { reason: 'x', whole: true });
    expect(erased.status).toBe(201);
    expect((await ask('PUT', `${id}/legal-hold`, { reason: 'late' })).status).toBe(410);
    const types = hush.events.filter(({ callId }) => callId === id).map(({ type }) => type);
    expect(types.slice(-3)).toEqual([
      ...['legalHoldPlaced', 'legalHoldReleased', 'recordingDestroyed'],
    ]);
  });

  test('on a call in progress overrides Delete', async () => {
    const { hush, caller } = bench;
    const placed = await caller.call(hush);
    await placed.frames(10);
    const { id } = await hush.get(`/api/calls/${placed.correlationId}`);
    expect((await ask('PUT', `${id}/legal-hold`, { reason: 'case 13' })).status).toBe(200);
    await hush.command('Delete', placed.correlationId);
    await placed.call.end();
    expect((await hush.settled(placed.correlationId)).type).toBe('recordingSaved');
  });
});
