import { erasuresOf, openStore } from './erasure-parts.ts';
import type { ErasureTask } from './erasure-process.ts';
import { Mortal } from './mortal.ts';

const { place, asked, last, when } = JSON.parse(process.argv[2] ?? '{}') as ErasureTask;
const store = await openStore(place);
const mortal = new Mortal(last, when, () => process.kill(process.pid, 'SIGKILL'));
const { state } = await erasuresOf(place, store, mortal, console.error).erase(asked);
await store.close();
process.exit(state === 'done' ? 0 : 1);
