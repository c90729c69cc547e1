import {
  archiveOf,
  type ErasurePlace,
  erasuresOf,
  openStore,
  uploaderOf,
} from '../erasure/erasure-parts.ts';
import { Mortal } from '../erasure/mortal.ts';
import type { Work } from './killed-work.ts';

const [work, json = '{}'] = process.argv.slice(2);
const place = JSON.parse(json) as ErasurePlace;
const { callId } = place;
const store = await openStore(place);

const works: Record<Work, () => Promise<void>> = {
  async erase() {
    const interval = { start: 1_000, end: 2_000 };
    const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
    const erasures = erasuresOf(place, store, immortal, console.error);
    await erasures.erase({ callId, interval, reason: 'card number', requestedBy: 'zoe' });
  },
  async upload() {
    const uploader = uploaderOf(place, store, console.error);
    await uploader.start();
    await new Promise(() => undefined);
  },
  async export() {
    const exported = await archiveOf(place, store, { maxExports: 1 }).export(callId, 'flac');
    for await (const _ of exported.bytes()) process.stdout.write('under way\n');
  },
};
await works[work as Work]();
process.exit(0);
