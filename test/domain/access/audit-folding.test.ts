import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { anonymous } from '../../../src/domain/access/access.ts';
import { FOLD_WINDOW_MS } from '../../../src/domain/access/audit-folding.ts';
import { AuditLog } from '../../../src/domain/access/audit-log.ts';
import type { AuditRecord } from '../../../src/domain/model/audit-record.ts';
import type { Caller } from '../../../src/domain/model/principal.ts';
import type { Change } from '../../../src/domain/ports/store.ts';

const rows: AuditRecord[] = [];
const store = {
  commit: async ({ audit = [] }: Change) => {
    rows.push(...audit);
  },
};
let log: AuditLog;

function callerAt(address: string): Caller {
  return { principal: anonymous('integrator'), address, surface: 'v1' };
}
const caller = callerAt('192.0.2.1');

function standsFor(): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

beforeEach(() => {
  vi.useFakeTimers();
  rows.length = 0;
  log = new AuditLog({ store, clock: Date, onError: (cause) => expect.fail(String(cause)) });
});
afterEach(async () => {
  await log.close();
  vi.useRealTimers();
});

async function pass(): Promise<void> {
  await vi.advanceTimersByTimeAsync(FOLD_WINDOW_MS);
}

describe('refused commands', () => {
  const refused = (reason: string, from = caller, more: object = {}) =>
    log.refused(from, { action: 'Pause', outcome: 'refused', reason, ...more });

  test('the first 20 refusals of a minute are listed, the others share one row', async () => {
    for (let count = 0; count < 100; count += 1) await refused('cannotPause');
    expect(rows).toHaveLength(20);
    await pass();
    expect(rows.map(({ count }) => count).slice(20)).toEqual([80]);
    expect(rows.at(-1)).toMatchObject({ action: 'Pause', reason: 'cannotPause', who: 'anonymous' });
  });

  test('each action and reason of each caller is folded separately', async () => {
    for (let count = 0; count < 30; count += 1) {
      await refused('cannotPause');
      await refused('callUnknown');
      await refused('cannotPause', caller, { action: 'Mark' });
      await refused('cannotPause', callerAt('192.0.2.2'));
    }
    expect(rows).toHaveLength(80);
    await log.close();
    expect(rows).toHaveLength(84);
    expect(standsFor()).toBe(120);
  });

  test('2,400 refusals a second for five minutes make less than a row a second', async () => {
    for (let second = 0; second < 300; second += 1) {
      for (let count = 0; count < 2_400; count += 1) {
        await refused(`reason${count % 8}`, caller, { correlationId: `${second}/${count}` });
      }
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await log.close();
    expect(standsFor()).toBe(720_000);
    expect(rows.length).toBeLessThan(300);
  });

  test('ten thousand callers with many reasons each are bounded as well', async () => {
    for (let count = 0; count < 10_000; count += 1) {
      const from = callerAt(`198.51.100.${count}`);
      for (let reason = 0; reason < 40; reason += 1) await refused(`reason${reason}`, from);
    }
    await log.close();
    expect(standsFor()).toBe(400_000);
    expect(rows.length).toBeLessThan(20_000);
    expect(rows.find(({ address }) => address === 'elsewhere')?.who).toBe('several');
    expect(rows.some(({ action }) => action === 'several')).toBe(true);
  });
});

describe('reads', () => {
  const read = (callId: string | null = null) =>
    log.read(caller, { action: 'GET /api/recordings/:id', callId });

  test('a client that polls for three hours gets a row at once, and one an hour', async () => {
    for (let second = 0; second < 3 * 3_600; second += 5) {
      await read();
      await vi.advanceTimersByTimeAsync(5_000);
    }
    await log.close();
    expect(rows).toHaveLength(4);
    expect(standsFor()).toBe(2_160);
  });

  test('repeated reads within a minute make one row with their count', async () => {
    for (let count = 0; count < 10; count += 1) await read();
    await pass();
    await pass();
    expect(rows.map(({ count }) => count)).toEqual([1, 9]);
    await read();
    expect(rows).toHaveLength(3);
  });

  test('each recording that is read is named, up to a bound', async () => {
    for (let count = 0; count < 1_000; count += 1) await read(`recording ${count}`);
    expect(rows).toHaveLength(120);
    await log.close();
    expect(rows.at(-1)).toMatchObject({ action: 'several', callId: null, count: 880 });
  });
});

test('the ranges of a playback make one row, and every exported recording has one', async () => {
  const exported = (callId: string) => log.exported(caller, { action: 'export', callId });
  for (let count = 0; count < 300; count += 1) {
    await exported('a');
    await exported(`recording ${count}`);
  }
  await pass();
  expect(rows.filter(({ callId }) => callId === 'a').map(({ count }) => count)).toEqual([1, 299]);
  expect(rows).toHaveLength(302);
});
