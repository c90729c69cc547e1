import { randomBytes } from 'node:crypto';
import type { ExportedAudio } from '../domain/archive-port.ts';
import type { KeepingStore } from '../domain/keeping-store.ts';
import type { Store } from '../domain/ports.ts';
import { SerialQueue } from '../domain/serial-queue.ts';
import type { KeyRing } from '../protocols/segment/key-ring.ts';
import { KEY_BYTES, unwrapKey, wrapKey } from '../protocols/segment/key-wrap.ts';
import type { AudioFiles } from './audio-files.ts';
import { derivedFile, derivedIdentity } from './derived-file.ts';
import { decodePeaks, type Peaks } from './peaks.ts';

const KIND = 'peaks';

export interface DerivedPeaksOptions {
  readonly files: AudioFiles;
  readonly keys: KeyRing;
  readonly store: Pick<Store, 'commit'>;
  readonly keeping: Pick<KeepingStore, 'derived'>;
  /** Makes them of the audio. */
  make(callId: string): Promise<ExportedAudio>;
}

/**
 * Peaks are made once, in a thread, and kept under a key of their own: an erasure destroys it with
 * the others. Whoever asks keeps erasures of the recording waiting meanwhile.
 */
export class DerivedPeaks {
  readonly #options: DerivedPeaksOptions;
  readonly #queue = new SerialQueue();

  constructor(options: DerivedPeaksOptions) {
    this.#options = options;
  }

  async of(callId: string): Promise<Peaks> {
    return (await this.#kept(callId)) ?? (await this.#queue.run(() => this.#made(callId)));
  }

  async #kept(callId: string): Promise<Peaks | undefined> {
    const { files, keys, keeping } = this.#options;
    const record = (await keeping.derived(callId)).find(({ kind }) => kind === KIND);
    if (!record?.wrappedKey) return undefined;
    const file = await files.open(derivedFile(record));
    if (!file) return undefined;
    try {
      const identity = derivedIdentity(record);
      const key = keys.unwrap(record.wrappedKey, identity);
      return decodePeaks(unwrapKey(key, await file.read(0, file.size), identity));
    } catch {
      // What cannot be opened is made anew.
      return undefined;
    } finally {
      await file.close();
    }
  }

  async #made(callId: string): Promise<Peaks> {
    const { files, keys, keeping, store, make } = this.#options;
    const made = await make(callId);
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of made.bytes()) pieces.push(piece);
    } finally {
      await made.close();
    }
    const bytes = Buffer.concat(pieces);
    const before = (await keeping.derived(callId)).find(({ kind }) => kind === KIND);
    const named = { callId, kind: KIND, generation: (before?.generation ?? 0) + 1 } as const;
    const [key, identity] = [randomBytes(KEY_BYTES), derivedIdentity(named)];
    await files.write(derivedFile(named), wrapKey(key, bytes, identity));
    await store.commit({ derived: [{ ...named, wrappedKey: keys.wrap(key, identity) }] });
    if (before) await files.remove(derivedFile(before));
    return decodePeaks(bytes);
  }
}
