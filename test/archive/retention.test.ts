import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import type { Moments } from '../../src/domain/common/moment.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';

const day = 86_400_000;
const epoch = Date.parse('2026-03-01T00:00:00Z');
let now = epoch;
/** Time that has passed besides the test's own. */
let passedMs = 0;
let bench: ApiBench;

/** Advances every clock. */
function wait(ms: number): void {
  now += ms;
  passedMs += ms;
}

const moments: Moments = {
  moment: () => ({ bootId: 'test', monotonicMs: performance.now() + passedMs }),
};

beforeAll(async () => {
  bench = await openBench({
    change: (config): Config => ({
      ...config,
      auth: { ...config.auth, mode: 'none' },
      archive: { ...config.archive, cleanIntervalMs: 100 },
      uccs: [
        { ...config.uccs[0], name: config.uccs[0]?.name ?? '', retentionDays: 30 },
        { name: 'for-ever', useAudioRecording: true },
        {
          name: 'strict',
          useAudioRecording: true,
          retentionDays: 10,
          retentionSparesMarked: false,
          agentCanEditAudioRecording: true,
          agents: ['sip:agent@domain.com'],
        },
      ],
    }),
    overrides: { clock: { now: () => now }, moments },
  });
});
afterAll(() => bench.close());

test('retention destroys expired recordings, and spares marks and legal holds', async () => {
  const { hush } = bench;
  const status = async (id: string): Promise<string> =>
    (await hush.get(`/api/recordings/${id}`)).status;
  const old = await record(bench);
  const marked = await record(bench, { commands: ['Mark'] });
  const held = await record(bench);
  const kept = await record(bench, { uccName: 'for-ever' });
  await fetch(`${hush.api}/api/recordings/${held.id}/legal-hold`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: '{"reason":"case"}',
  });
  wait(29 * day);
  const young = await record(bench);
  expect(await status(old.id)).toBe('kept');
  wait(2 * day);
  await expect.poll(() => status(old.id), { timeout: 10_000 }).toBe('destroyed');
  const receipts = async () => (await hush.get(`/api/recordings/${old.id}/erasures`)).items;
  const receipt = { reason: 'retention', requestedBy: 'retention', state: 'done' };
  await expect.poll(receipts, { timeout: 10_000 }).toEqual([expect.objectContaining(receipt)]);
  const { items } = await hush.get(`/api/audit-log?call=${old.id}&action=erase`);
  expect(items).toEqual([
    expect.objectContaining({
      who: 'retention',
      surface: 'hush',
      reason: 'retention',
      outcome: 'ok',
      correlationId: old.correlationId,
      after: { erased: 'whole' },
    }),
  ]);
  for (const { id } of [marked, held, kept, young]) expect(await status(id)).toBe('kept');
});

test('retention destroys marked recordings if the UCC says so', async () => {
  const { hush } = bench;
  wait(9 * day);
  const placed = await bench.caller.call(hush, { uccName: 'strict' });
  await placed.frames(3);
  await hush.command('Mark', placed.correlationId, { UCCName: 'strict' });
  await placed.call.end();
  const { callId } = await hush.settled(placed.correlationId);
  expect((await hush.get(`/api/recordings/${callId}`)).markingState).toBe('Mark');
  wait(11 * day);
  const status = async () => (await hush.get(`/api/recordings/${callId}`)).status;
  await expect.poll(status, { timeout: 10_000 }).toBe('destroyed');
});
