import { randomBytes } from 'node:crypto';
import { SerialQueue } from '../../domain/common/serial-queue.ts';
import { AudioAwayError } from '../../domain/model/errors.ts';
import type { RetentionStore } from '../../domain/ports/retention-store.ts';
import type { Store } from '../../domain/ports/store.ts';
import type { KeyRing } from '../../protocols/segment/key-ring.ts';
import { KEY_BYTES, unwrapKey, wrapKey } from '../../protocols/segment/key-wrap.ts';
import type { AudioFiles } from '../files/audio-files.ts';
import { derivedFile, derivedIdentity } from '../files/derived-file.ts';
import type { RecordingReader } from '../recording-reader.ts';
import { decodePeaks, type Peaks } from './peaks.ts';
import { recordingVersion } from './recording-version.ts';

const KIND = 'peaks';
/**
 * Precedes the peaks and names their source. Earlier releases also kept peaks made of missing
 * files, without saying so.
 */
const MADE_OF = 'HSKP1 ';

export interface DerivedPeaksOptions {
  readonly files: AudioFiles;
  readonly keys: KeyRing;
  readonly store: Pick<Store, 'commit'>;
  readonly keeping: Pick<RetentionStore, 'derived'>;
  readonly reader: RecordingReader;
}

/**
 * Computes peaks once, in a thread, and keeps them under a key of their own, which an erasure
 * destroys with the others. Erasures of the recording wait meanwhile. Peaks are kept only if the
 * recording's rows explain all of them, silence included, and are recomputed when those rows
 * change.
 */
export class DerivedPeaks {
  readonly #options: DerivedPeaksOptions;
  readonly #queue = new SerialQueue();

  constructor(options: DerivedPeaksOptions) {
    this.#options = options;
  }

  async of(callId: string): Promise<Peaks> {
    const version = recordingVersion(await this.#options.reader.rows(callId));
    const kept = await this.#kept(callId, version);
    return kept ?? (await this.#queue.run(() => this.#made(callId, version)));
  }

  async #kept(callId: string, version: string): Promise<Peaks | undefined> {
    const { files, keys, keeping } = this.#options;
    const record = (await keeping.derived(callId)).find(({ kind }) => kind === KIND);
    if (!record?.wrappedKey) return undefined;
    const file = await files.open(derivedFile(record));
    if (!file) return undefined;
    try {
      const identity = derivedIdentity(record);
      const key = keys.unwrap(record.wrappedKey, identity);
      const bytes = unwrapKey(key, await file.read(0, file.size), identity);
      const madeOf = Buffer.from(MADE_OF + version);
      if (!bytes.subarray(0, madeOf.length).equals(madeOf)) return undefined;
      return decodePeaks(bytes.subarray(madeOf.length));
    } catch (cause) {
      if (cause instanceof AudioAwayError) throw cause;
      // Peaks that cannot be opened are recomputed.
      return undefined;
    } finally {
      await file.close();
    }
  }

  async #made(callId: string, version: string): Promise<Peaks> {
    const { files, keys, keeping, store, reader } = this.#options;
    const made = await reader.peaks(callId);
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of made.bytes()) pieces.push(piece);
    } finally {
      await made.close();
    }
    const peaks = Buffer.concat(pieces);
    if (made.isDamaged) return decodePeaks(peaks);
    const bytes = Buffer.concat([Buffer.from(MADE_OF + version), peaks]);
    const before = (await keeping.derived(callId)).find(({ kind }) => kind === KIND);
    const named = { callId, kind: KIND, generation: (before?.generation ?? 0) + 1 } as const;
    const [key, identity] = [randomBytes(KEY_BYTES), derivedIdentity(named)];
    await files.write(derivedFile(named), wrapKey(key, bytes, identity));
    await store.commit({ derived: [{ ...named, wrappedKey: keys.wrap(key, identity) }] });
    if (before) await files.remove(derivedFile(before));
    return decodePeaks(peaks);
  }
}
