import type { SealedArchive } from '../../src/archive/archive.ts';
import type { SqlStore } from '../../src/store/store.ts';
import {
  type ErasurePlace,
  erasuresOf,
  uploaderOf,
} from '../../test/archive/erasure/erasure-parts.ts';
import { Mortal } from '../../test/archive/erasure/mortal.ts';

/** Result of one operation, in bytes of resident memory. */
export interface Measured {
  readonly what: string;
  readonly ms: number;
  readonly baseline: number;
  readonly peak: number;
}

export interface Subject {
  readonly place: ErasurePlace;
  readonly store: SqlStore;
  readonly archive: SealedArchive;
}

export type Operation = keyof typeof operations;

const MINUTE = 60_000;
const POLL_MS = 20;

/** Run in this order: after the upload the recording lies in the bucket. */
export const operations = {
  finish: {
    what: 'judge it when its call has ended',
    run: async ({ archive, place }: Subject) => void (await archive.finish(place.callId)),
  },
  play: {
    what: 'play ten minutes from the middle',
    run: ({ archive, place }: Subject) => played(archive, place.callId, 10 * MINUTE),
  },
  peaks: {
    what: 'draw its wave form',
    run: async ({ archive, place }: Subject) => void (await archive.peaks(place.callId)),
  },
  export: {
    what: 'export it (Opus as Opus, L16 as FLAC)',
    run: async ({ archive, place, store }: Subject) => {
      const [track] = await store.tracks(place.callId);
      const format = track?.codec === 'OPUS' ? 'opus' : 'flac';
      const exported = await archive.export(place.callId, format);
      for await (const _ of exported.bytes());
    },
  },
  erase: {
    what: 'erase a minute in the middle',
    run: (subject: Subject) => erased(subject, 0.45),
  },
  upload: { what: 'upload it', run: uploaded },
  eraseFromBucket: {
    what: 'erase a minute of what is in the bucket',
    run: (subject: Subject) => erased(subject, 0.55),
  },
  playFromBucket: {
    what: 'play a minute of that from the middle',
    run: ({ archive, place }: Subject) => played(archive, place.callId, MINUTE),
  },
} as const;

async function played(archive: SealedArchive, callId: string, forMs: number): Promise<void> {
  const playback = await archive.play(callId);
  const start = Math.floor(playback.samples / 2);
  const end = start + Math.floor((playback.sampleRate * forMs) / 1000);
  for await (const _ of playback.frames(start, end));
  await playback.close();
}

async function erased({ place, store }: Subject, at: number): Promise<void> {
  const { callId } = place;
  const start = Math.floor(((await store.call(callId))?.lengthMs ?? 0) * at);
  const interval = { start, end: start + MINUTE };
  const immortal = new Mortal(Number.POSITIVE_INFINITY, 'before');
  const erasures = erasuresOf(place, store, immortal, console.error);
  const asked = { callId, interval, reason: 'bench', requestedBy: 'bench' };
  const { state } = await erasures.erase(asked);
  if (state !== 'done') throw new Error(state);
}

async function uploaded({ place, store }: Subject): Promise<void> {
  const uploader = uploaderOf(place, store, console.error);
  await uploader.start();
  while (uploader.spoolBytes > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  await uploader.close();
}
