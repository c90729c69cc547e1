import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench, problem, problemOf, record } from '../api-support.ts';

const other = 'ucc-other';
const hour = 3_600_000;
const epoch = Date.parse('2026-03-01T00:00:00Z');

interface Item {
  readonly id: string;
  readonly beganAt: string;
  readonly uccName: string;
}

let bench: ApiBench;
let now = epoch;
/** Two recordings per hour began in the same millisecond; the second one is the other UCC's. */
const made: { id: string; correlationId: string }[] = [];
const again = randomUUID();

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({
      ...config,
      uccs: [...config.uccs, { name: other, useAudioRecording: true }],
    }),
    overrides: { clock: { now: () => now } },
  });
  for (let batch = 0; batch < 4; batch += 1) {
    now = epoch + batch * hour;
    const twice = batch === 1 || batch === 3 ? { correlationId: again } : {};
    made.push(...(await Promise.all([record(bench, twice), record(bench, { uccName: other })])));
  }
});
afterAll(() => bench.close());

async function page(query: string): Promise<{ items: Item[]; nextCursor: string | null }> {
  return bench.hush.get(`/api/recordings?${query}`);
}

async function pagesOf(query: string): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor = '';
  do {
    const { items, nextCursor } = await page(`${query}${cursor && `&cursor=${cursor}`}`);
    pages.push(items);
    cursor = nextCursor ?? '';
  } while (cursor !== '');
  return pages;
}

describe('/api/recordings', () => {
  test('lists the newest first', async () => {
    const { items, nextCursor } = await page('');
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set(made.map(({ id }) => id)));
    const hours = items.map(({ beganAt }) => (Date.parse(beganAt) - epoch) / hour);
    expect(hours).toEqual([3, 3, 2, 2, 1, 1, 0, 0]);
    expect(nextCursor).toBeNull();
  });

  test.each([1, 2, 3, 5, 7, 8, 500])(
    'in pages of %i has no duplicate and no hole',
    async (limit) => {
      const { items: all } = await page('');
      const pages = await pagesOf(`limit=${limit}`);
      expect(pages.flat()).toEqual(all);
      expect(pages.map(({ length }) => length).slice(0, -1)).toEqual(
        pages.slice(0, -1).map(() => limit),
      );
      expect(pages).toHaveLength(Math.ceil(all.length / limit));
    },
  );

  test('keeps its pages while recordings are added between them', async () => {
    const { items: all } = await page('');
    const { items, nextCursor } = await page('limit=4');
    now = epoch + 10 * hour;
    const { id } = await record(bench);
    const rest = await page(`limit=100&cursor=${nextCursor}`);
    expect([...items, ...rest.items]).toEqual(all);
    expect((await page('limit=1')).items[0]?.id).toBe(id);
    made.push({ id, correlationId: '' });
  });

  const at = (hours: number): string => new Date(epoch + hours * hour).toISOString();
  test.each([
    [`ucc=${other}`, 4],
    [`ucc=${other.toUpperCase()}`, 4],
    ['ucc=nobody', 0],
    [`correlationId=${again}`, 2],
    [`correlationId={${again.toUpperCase()}}`, 2],
    [`correlationId=${randomUUID()}`, 0],
    ['correlationId=nonsense', 0],
    [`from=${at(1)}&to=${at(9)}`, 6],
    [`from=${at(1)}&to=${at(2)}`, 2],
    [`to=${at(0)}`, 0],
    [`to=${at(1)}`, 2],
    [`from=${at(2)}&to=${at(9)}&ucc=${ucc}`, 2],
    [`from=${at(9)}&to=${at(1)}`, 0],
    // A time may have an offset: 02:00+01:00 is 01:00Z.
    [`from=${encodeURIComponent('2026-03-01T02:00:00+01:00')}&to=${at(9)}`, 6],
  ])('%s: %i', async (query, count) => {
    const { items } = await page(query);
    expect(items).toHaveLength(count);
    const pages = await pagesOf(`${query}&limit=1`);
    expect(pages.flat()).toEqual(items);
  });

  test.each([
    ['limit=0', 'querystring/limit must be >= 1'],
    ['limit=501', 'querystring/limit must be <= 500'],
    ['limit=many', 'querystring/limit must be integer'],
    ['from=yesterday', 'querystring/from must match format "date-time"'],
    ['to=2026-03-01', 'querystring/to must match format "date-time"'],
    ['cursor=nonsense', 'The cursor is not one of ours.'],
    ['cursor=', "The query's cursor is empty."],
  ])('400: %s', async (query, detail) => {
    const response = await fetch(`${bench.hush.api}/api/recordings?${query}`);
    expect(await problemOf(response)).toEqual(problem(400, 'Bad request', detail));
  });
});

describe('/api/recordings/{id}', () => {
  test('shows tracks, gap map and receipts', async () => {
    const { id, correlationId } = await record(bench, { frames: 10, commands: ['Pause', 'Start'] });
    const recording = await bench.hush.get(`/api/recordings/${id}`);
    expect(recording).toMatchObject({
      id,
      correlationId,
      uccName: ucc,
      status: 'kept',
      recordingState: 'Started',
      parties: [{ aor: agent, role: 'agent' }, { role: 'other' }],
    });
    expect(recording.lengthMs).toBeGreaterThanOrEqual(180);
    expect(recording.tracks).toHaveLength(2);
    expect(recording.tracks[0]).toMatchObject({
      track: 0,
      label: '1',
      aor: agent,
      role: 'agent',
      codec: 'PCMU',
      clockRate: 8000,
    });
    for (const { gaps } of recording.tracks) {
      for (const gap of gaps) {
        expect(gap.startMs).toBe(gap.startSample / 8);
        expect(gap.lengthMs).toBe(gap.samples / 8);
      }
    }
    expect(recording.receipts).toHaveLength(2);
    expect(recording.receipts[0]).toMatchObject({
      action: 'Pause',
      detail: 'RecorderSetToPauseByAgent',
      requester: agent,
      requestedAt: new Date(now).toISOString(),
      effectiveAt: new Date(now).toISOString(),
      streams: [{ lastSequence: expect.any(Number) }, { lastSequence: expect.any(Number) }],
    });
  });

  test('shows a call in progress as a live recording', async () => {
    const { correlationId, call } = await bench.caller.call(bench.hush);
    const recording = await bench.hush.get(`/api/recordings/${correlationId}`);
    expect(recording).toMatchObject({ status: 'live', endedAt: null, lengthMs: null });
    await call.end();
    await bench.hush.settled(correlationId);
  });

  test('returns the newest recording of a correlation id', async () => {
    const { items } = await page(`correlationId=${again}`);
    const spelt = `{${again.toUpperCase()}}`;
    expect(await bench.hush.get(`/api/recordings/${spelt}`)).toMatchObject({ id: items[0]?.id });
  });

  test.each([randomUUID(), 'nonsense', '%01'])('404: %s', async (id) => {
    const response = await fetch(`${bench.hush.api}/api/recordings/${id}`);
    expect(await problemOf(response)).toEqual(problem(404, 'Not found', 'No such recording.'));
  });
});
