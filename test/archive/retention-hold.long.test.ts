import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerOverrides } from '../../src/assemble/context.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Moments } from '../../src/domain/common/moment.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { TestHush } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';

const day = 86_400_000;
const year = 365 * day;
const epoch = Date.parse('2026-03-01T00:00:00Z');

let now = epoch;
let passedMs = 0;
let bootId = 'first';
let bench: ApiBench;

const moments: Moments = {
  moment: () => ({ bootId, monotonicMs: performance.now() + passedMs }),
};
const overrides: ServerOverrides = { clock: { now: () => now }, moments };

const config = (defaults: Config): Config => ({
  ...defaults,
  auth: { ...defaults.auth, mode: 'none' },
  archive: { ...defaults.archive, cleanIntervalMs: 20, maxDestroyedPerPass: 2 },
  uccs: defaults.uccs.map((ucc) => ({ ...ucc, retentionDays: 30 })),
});

beforeEach(async () => {
  [now, passedMs, bootId] = [epoch, 0, 'first'];
  bench = await openBench({ change: config, overrides });
});
afterEach(() => bench.close());

/** Advances every clock. */
function wait(ms: number): void {
  now += ms;
  passedMs += ms;
}

async function statuses(hush: TestHush, recordings: readonly { id: string }[]): Promise<string[]> {
  const found = recordings.map(async ({ id }) => (await hush.get(`/api/recordings/${id}`)).status);
  return Promise.all(found);
}

const held = async (hush: TestHush) => (await hush.get('/api/archive/retention')).held;
const openAlarms = async (hush: TestHush) =>
  (await hush.get('/api/alarms?kind=retentionHeld&open=true')).items;
const confirm = (hush: TestHush, recordings: unknown) =>
  hush.post('/api/archive/retention/confirmation', { recordings });

/** Lets several passes run: a call takes longer than they do. */
async function passes(): Promise<void> {
  await record(bench, { frames: 10 });
}

/** Returns the time at which the wall clock was last believed. */
function believed(): number {
  const database = new DatabaseSync(join(bench.hush.dataDir, 'hush.sqlite'), { readOnly: true });
  const row = database.prepare('select at from clock_anchors order by belief desc').get();
  database.close();
  return Number(row?.at);
}

async function recordSome(count: number): Promise<{ id: string }[]> {
  const recordings = [];
  for (let at = 0; at < count; at += 1) recordings.push(await record(bench));
  return recordings;
}

describe('a wall clock that jumps a year ahead', () => {
  it('destroys nothing, and raises an alarm that ends when the clock is right again', async () => {
    const { hush } = bench;
    const recordings = await recordSome(2);
    await expect.poll(() => held(hush)).toBe(null);
    now += year;
    await expect.poll(() => held(hush)).toMatchObject({ reason: 'clock', recordings: 2 });
    await passes();
    expect(await statuses(hush, recordings)).toEqual(['kept', 'kept']);
    expect(await openAlarms(hush)).toMatchObject([
      { detail: expect.stringMatching(/^The wall clock is 365 d 0 h ahead .*: 2 recordings/) },
    ]);
    now -= year;
    await expect.poll(() => held(hush)).toBe(null);
    expect(await openAlarms(hush)).toEqual([]);
    expect(await statuses(hush, recordings)).toEqual(['kept', 'kept']);
  });

  longTest('still lets recordings expire that are certainly due', async () => {
    const { hush } = bench;
    const old = await recordSome(1);
    wait(20 * day);
    const young = await recordSome(1);
    await expect.poll(() => held(hush)).toBe(null);
    now += year;
    wait(11 * day);
    await expect.poll(() => statuses(hush, old), { timeout: 10_000 }).toEqual(['destroyed']);
    expect(await statuses(hush, young)).toEqual(['kept']);
    await expect.poll(() => held(hush)).toMatchObject({ reason: 'clock', recordings: 1 });
  });
});

it('a recording made under a slow clock is as old as it is', async () => {
  const { hush } = bench;
  await expect.poll(believed).toBe(now);
  now -= year;
  const recordings = await recordSome(1);
  now += year;
  await passes();
  expect(await statuses(hush, recordings)).toEqual(['kept']);
  wait(31 * day);
  await expect.poll(() => statuses(hush, recordings), { timeout: 10_000 }).toEqual(['destroyed']);
});

describe('a pass that would destroy more than maxDestroyedPerPass', () => {
  it('waits for a confirmation of the number, which is audited', async () => {
    const { hush } = bench;
    const recordings = await recordSome(3);
    wait(31 * day);
    await expect.poll(() => held(hush)).toMatchObject({ reason: 'number', recordings: 3 });
    await passes();
    expect(await statuses(hush, recordings)).toEqual(['kept', 'kept', 'kept']);
    expect(await openAlarms(hush)).toHaveLength(1);
    expect((await confirm(hush, 2)).status).toBe(409);
    expect((await confirm(hush, '3')).status).toBe(400);
    expect((await confirm(hush, 3)).status).toBe(202);
    const gone = ['destroyed', 'destroyed', 'destroyed'];
    await expect.poll(() => statuses(hush, recordings), { timeout: 10_000 }).toEqual(gone);
    await expect.poll(() => openAlarms(hush)).toEqual([]);
    expect((await confirm(hush, 3)).status).toBe(409);
    const { items } = await hush.get('/api/audit-log?action=retention%20confirm');
    expect(items).toMatchObject([{ outcome: 'ok', after: { recordings: 3, held: 'number' } }]);
  });
});

describe('a machine that was off', () => {
  async function restartedAfter(offMs: number): Promise<TestHush> {
    await expect.poll(believed).toBe(now);
    await bench.hush.stop();
    now += offMs;
    bootId = 'second';
    const { dataDir, config: settings } = bench.hush;
    const change = (defaults: Config): Config => ({ ...config(defaults), rtp: settings.rtp });
    return TestHush.start({ dataDir, config: change, overrides });
  }

  it('for a month has its recordings destroyed once somebody confirms it', async () => {
    const recordings = await recordSome(2);
    const hush = await restartedAfter(31 * day);
    await expect.poll(() => held(hush)).toMatchObject({ reason: 'clock', recordings: 2 });
    expect(await statuses(hush, recordings)).toEqual(['kept', 'kept']);
    expect((await confirm(hush, 2)).status).toBe(202);
    const gone = ['destroyed', 'destroyed'];
    await expect.poll(() => statuses(hush, recordings), { timeout: 10_000 }).toEqual(gone);
    await hush.stop();
  });

  longTest('for two days resumes retention by itself', async () => {
    const recordings = await recordSome(1);
    wait(29 * day);
    const hush = await restartedAfter(2 * day);
    const gone = ['destroyed'];
    await expect.poll(() => statuses(hush, recordings), { timeout: 10_000 }).toEqual(gone);
    await hush.stop();
  });

  longTest('and returns in the past destroys nothing, and reports it', async () => {
    const recordings = await recordSome(1);
    wait(29 * day);
    const hush = await restartedAfter(-5 * year);
    wait(2 * day);
    await expect.poll(() => held(hush)).toMatchObject({ reason: 'clock', recordings: 1 });
    expect(await statuses(hush, recordings)).toEqual(['kept']);
    await hush.stop();
  });
});
