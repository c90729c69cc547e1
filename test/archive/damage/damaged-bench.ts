import type { Span } from '../../../src/domain/common/span.ts';
import type { ErasureRecord } from '../../../src/domain/model/erasure.ts';
import type { SqlStore } from '../../../src/store/store.ts';
import { ErasureBench } from '../erasure/erasure-bench.ts';
import { Mortal } from '../erasure/mortal.ts';
import type { StoredCall } from '../stored-call.ts';
import { loudFrame } from './harms.ts';

export const immortal = () => new Mortal(Number.POSITIVE_INFINITY, 'before');
/** Benches by recording: one for all tests of a file. */
const benches = new Map<Recording, ErasureBench>();
const stores: SqlStore[] = [];

type Recording = (call: StoredCall) => Promise<void>;

export async function closeStores(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
}

export function removeBenches(): void {
  for (const bench of benches.values()) bench.remove();
  benches.clear();
}

/** Three segments a track, of which the middle one lasts from 700 to 1,300 ms. */
async function threeSegments(call: StoredCall): Promise<void> {
  for (let number = 0; number < 2; number += 1) {
    const track = call.track('PCMU', 8_000);
    for (let frame = 0; frame < 100; frame += 1) {
      if (frame === 35 || frame === 65) track.pause('api');
      track.add(frame * 160, loudFrame(160));
      // More than one chunk, so that part of a segment stays intact.
      if (frame % 8 === 0) track.writer.seal();
    }
  }
}

/** Restores the recording, whatever was done to it before. */
export async function prepared(
  record: Recording = threeSegments,
): Promise<{ bench: ErasureBench; store: SqlStore }> {
  const bench = benches.get(record) ?? new ErasureBench({ record });
  bench.s3 = undefined;
  if (benches.has(record)) await bench.restore();
  else await bench.prepare();
  benches.set(record, bench);
  const store = await bench.open();
  stores.push(store);
  return { bench, store };
}

/** Erases in one process and returns the receipt. */
export async function erased(bench: ErasureBench, store: SqlStore, interval: Span | null) {
  const { callId } = bench.call;
  const asked = { callId, interval, reason: 'card number', requestedBy: 'zoe' };
  let receipt: ErasureRecord | undefined;
  await bench.process(store, immortal(), async (erasures) => {
    receipt = await erasures.erase(asked);
  });
  return receipt as ErasureRecord;
}

/** Returns the states in a receipt, by track and segment. */
export const found = ({ destroyed }: ErasureRecord) =>
  destroyed.map(({ track, segment, found: state }) => `${track}/${segment} ${state}`);
