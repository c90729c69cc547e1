import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArchiveCheck } from '../../src/archive/archive-check.ts';
import type { SegmentRecord } from '../../src/domain/model/segment.ts';
import { aCall } from '../store/samples.ts';
import { unsealing } from '../support/audio/unsealing.ts';
import { StoredCall } from './stored-call.ts';

let call: StoredCall;
beforeEach(async () => {
  call = new StoredCall();
  call.track('PCMU', 8000).addAll(0, Buffer.alloc(16_000, 0x55), { samples: 160 });
  await call.end();
});
afterEach(() => call.remove());

/** Checks the files against a row read a moment before the store's rows became `now`. */
async function check(read: SegmentRecord, now: readonly SegmentRecord[]) {
  const found: string[] = [];
  const options = {
    ...unsealing(call),
    store: {
      call: async () => aCall({ id: call.callId, status: 'kept' }),
      segments: async () => now,
    },
    keeping: {
      derived: async () => [],
      segmentsAfter: async (after: unknown) => (after ? [] : [read]),
    },
    exclusively: (_: string, look: () => Promise<void>) => look(),
    missing: async () => undefined,
    onFinding: (_: string, finding: string) => void found.push(finding),
    signal: new AbortController().signal,
  };
  const report = await new ArchiveCheck(options as never, { deep: true, remove: false }).run();
  return { ...report, found };
}

it('does not take for missing what an erasure replaced after its row was read', async () => {
  const row = call.segments.find(({ closedBy }) => closedBy !== null);
  if (!row) throw new Error('nothing was recorded');
  const replaced = { ...row, generation: 7 };
  const nothing = { segments: 1, missing: 0, damaged: 0, found: [] };
  expect(await check(row, [row])).toMatchObject(nothing);
  expect(await check(replaced, [row])).toMatchObject(nothing);
  expect(await check(replaced, [{ ...replaced, wrappedKey: null }])).toMatchObject(nothing);
  expect(await check(replaced, [replaced])).toMatchObject({ missing: 1, found: ['missing'] });
});
