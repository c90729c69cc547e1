import type { ErasureRecord } from '../../src/domain/erasure.ts';
import type { Span } from '../../src/domain/gap-map.ts';
import type { SqlStore } from '../../src/store/store.ts';
import { ErasureBench } from './erasure-bench.ts';
import { loudFrame } from './harms.ts';
import { Mortal } from './mortal.ts';
import type { StoredCall } from './stored-call.ts';

export const immortal = () => new Mortal(Number.POSITIVE_INFINITY, 'before');
const benches: ErasureBench[] = [];
const stores: SqlStore[] = [];

/** Closes and removes what was prepared. */
export async function removeBenches(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
  for (const bench of benches.splice(0)) bench.call.remove();
}

/** Three segments a track, of which the one in the middle lasts from 700 to 1,300 ms. */
async function threeSegments(call: StoredCall): Promise<void> {
  for (let number = 0; number < 2; number += 1) {
    const track = call.track('PCMU', 8_000);
    for (let frame = 0; frame < 100; frame += 1) {
      if (frame === 35 || frame === 65) track.pause('api');
      track.add(frame * 160, loudFrame(160));
      // More than one chunk, so that some of a segment is whole.
      if (frame % 8 === 0) track.writer.seal();
    }
  }
}

export async function prepared(
  record = threeSegments,
): Promise<{ bench: ErasureBench; store: SqlStore }> {
  const bench = new ErasureBench({ record });
  benches.push(bench);
  await bench.prepare();
  const store = await bench.open();
  stores.push(store);
  return { bench, store };
}

/** The receipt of an erasure by one process. */
export async function erased(bench: ErasureBench, store: SqlStore, interval: Span | null) {
  const { callId } = bench.call;
  const asked = { callId, interval, reason: 'card number', requestedBy: 'zoe' };
  let receipt: ErasureRecord | undefined;
  await bench.process(store, immortal(), async (erasures) => {
    receipt = await erasures.erase(asked);
  });
  return receipt as ErasureRecord;
}

/** What a receipt says was found, by track and segment. */
export const found = ({ destroyed }: ErasureRecord) =>
  destroyed.map(({ track, segment, found: state }) => `${track}/${segment} ${state}`);
