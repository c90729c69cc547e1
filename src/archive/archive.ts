import { createHash } from 'node:crypto';
import type {
  Archive,
  ExportedAudio,
  ExportFormat,
  FinishedRecording,
  Resealed,
} from '../domain/archive-port.ts';
import type { DestroyedSegment } from '../domain/erasure.ts';
import type { Span } from '../domain/gap-map.ts';
import type { KeepingStore } from '../domain/keeping-store.ts';
import type { Store } from '../domain/ports.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import type { KeyRing } from '../protocols/segment/key-ring.ts';
import { segmentFile } from '../protocols/segment/sealed-chunk.ts';
import type { AudioFiles, Place } from './audio-files.ts';
import { derivedFile } from './derived-file.ts';
import { DerivedPeaks } from './derived-peaks.ts';
import { Exports } from './exports.ts';
import { finishedRecording, type RecordingRows } from './finished-recording.ts';
import { withoutInterval } from './interval-erasure.ts';
import { type Interruptible, Listeners } from './listeners.ts';
import { SealedLiveAudio } from './live-audio.ts';
import type { FilesSettings } from './open-files.ts';
import type { Peaks } from './peaks.ts';
import { Playback } from './playback.ts';

export interface ArchiveOptions {
  readonly files: AudioFiles;
  /** What threads open the same files with. */
  readonly filesSettings: FilesSettings;
  readonly keys: KeyRing;
  readonly store: Store;
  readonly keeping: KeepingStore;
  /** 0: nothing is exported. */
  readonly maxExports: number;
}

/** Sealed audio: what there is of it, playing it, destroying it. */
export class SealedArchive implements Archive {
  readonly #options: ArchiveOptions;
  readonly #exports: Exports;
  /** What is made for the archive itself, one after the other. */
  readonly #derivations = new Exports(1);
  readonly #listeners = new Listeners();
  readonly #peaks: DerivedPeaks;
  /** Calls in progress. */
  readonly live: SealedLiveAudio;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.live = new SealedLiveAudio({ ...options, listeners: this.#listeners });
    this.#exports = new Exports(options.maxExports);
    const make = (callId: string) => this.#export(callId, 'peaks', { threads: this.#derivations });
    this.#peaks = new DerivedPeaks({ ...options, make });
  }

  async finish(callId: string): Promise<FinishedRecording> {
    // What is called kept survives a power cut.
    await this.#options.files.sync(callId);
    return finishedRecording(this.#options, await this.#rows(callId));
  }

  async destroy(callId: string): Promise<void> {
    const { store, keeping } = this.#options;
    try {
      await store.destroyKeys(callId);
    } catch (cause) {
      // A database that has no room for the change may get it from the files.
      await this.#remove(callId, new Set(), 'disk').catch(() => undefined);
      throw cause;
    }
    // One does not wait for the other: a reader of the database, or a bucket that is away, keeps
    // nothing else from going.
    const outcomes = await Promise.allSettled([
      keeping.forgetKeys(callId),
      this.#destroyBytes(callId),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async reseal(callId: string, interval: Span): Promise<Resealed> {
    const erased = await withoutInterval(this.#options, await this.#rows(callId), interval);
    const { replaced, ...rest } = erased;
    const destroyed: DestroyedSegment[] = [];
    for (const { before, found, lostMs } of replaced) {
      destroyed.push({ ...(await this.#described(before)), found, lostMs });
    }
    return { ...rest, segments: replaced.map(({ after }) => after), destroyed };
  }

  async destroyable(callId: string) {
    const segments = await this.#options.store.segments(callId);
    const withKeys = segments.filter(({ wrappedKey }) => wrappedKey !== null);
    const destroyed: DestroyedSegment[] = [];
    for (const segment of withKeys) destroyed.push(await this.#described(segment));
    return { segments: withKeys, destroyed };
  }

  interrupt(callId: string): Promise<void> {
    return this.#listeners.interrupt(callId);
  }

  async sweep(callId: string): Promise<void> {
    await this.sweepDisk(callId);
    await this.#remove(callId, await this.#namedFiles(callId), 'everywhere');
  }

  async sweepDisk(callId: string): Promise<void> {
    await this.#remove(callId, await this.#namedFiles(callId), 'disk');
  }

  /** Opens a finished recording for playing. The caller closes it. */
  async play(callId: string): Promise<Playback> {
    const { files, keys } = this.#options;
    return this.#listeners.opened(callId, async (onClosed) =>
      Playback.open({ files, keys, onClosed, ...(await this.#recorded(callId)) }),
    );
  }

  /**
   * Begins to make a file of a finished recording, in a thread of its own. The caller closes it.
   * @param owner for whom: nobody has more than half of all exports
   * @throws ExportsBusyError
   */
  export(callId: string, format: ExportFormat, owner?: string): Promise<ExportedAudio> {
    return this.#export(callId, format, { threads: this.#exports, owner });
  }

  /** Made once, which may take some seconds per hour. */
  peaks(callId: string): Promise<Peaks> {
    return this.#peaks.of(callId);
  }

  /** Ends what is being exported. */
  async close(): Promise<void> {
    await Promise.all([this.#exports.close(), this.#derivations.close()]);
  }

  /** Paths of what a key opens. */
  async #namedFiles(callId: string): Promise<Set<string>> {
    const { store, keeping } = this.#options;
    const segments = await store.segments(callId);
    const derived = await keeping.derived(callId);
    const hasKey = ({ wrappedKey }: { wrappedKey: Buffer | null }): boolean => wrappedKey !== null;
    return new Set([
      ...segments.filter(hasKey).map(segmentFile),
      ...derived.filter(hasKey).map(derivedFile),
    ]);
  }

  async #remove(callId: string, named: ReadonlySet<string>, from: Place): Promise<void> {
    const { files } = this.#options;
    const found = new Set<string>();
    for await (const { path } of files.list(callId, from)) found.add(path);
    for (const path of found) if (!named.has(path)) await files.remove(path, from);
    if (named.size === 0) await files.removeFolder(callId);
  }

  async #destroyBytes(callId: string): Promise<void> {
    await this.interrupt(callId);
    await this.sweepDisk(callId);
    if (await this.#mayBeInBucket(callId)) await this.sweep(callId);
  }

  /** Only what was kept is moved to a bucket. */
  async #mayBeInBucket(callId: string): Promise<boolean> {
    const { store } = this.#options;
    const call = await store.call(callId);
    if (!call || call.status === 'kept') return true;
    return (await store.eventsOf(call)).some(({ type }) => type === 'recordingSaved');
  }

  #export(
    callId: string,
    format: ExportFormat | 'peaks',
    { threads, owner }: { readonly threads: Exports; readonly owner?: string | undefined },
  ): Promise<ExportedAudio & Interruptible> {
    const { filesSettings, keys } = this.#options;
    return this.#listeners.opened(callId, async (onClosed) => {
      const recorded = await this.#recorded(callId);
      const job = { format, files: filesSettings, masterKeys: keys.keys, ...recorded };
      return threads.start(job, { owner, onEnded: onClosed });
    });
  }

  async #recorded(callId: string): Promise<{ tracks: TrackRecord[]; segments: SegmentRecord[] }> {
    const { store } = this.#options;
    return { tracks: await store.tracks(callId), segments: await store.segments(callId) };
  }

  async #rows(callId: string): Promise<RecordingRows> {
    const { store } = this.#options;
    const record = await store.call(callId);
    const details = record ? await store.details(record) : [];
    return { ...(await this.#recorded(callId)), details };
  }

  async #described(row: SegmentRecord): Promise<DestroyedSegment> {
    const { track, segment, generation, wrappedKey } = row;
    const keySha256 = createHash('sha256')
      .update(wrappedKey ?? '')
      .digest('hex');
    const bytes = await this.#bytesOf(row);
    const found = bytes === undefined ? 'missing' : null;
    return { track, segment, generation, keySha256, bytes: bytes ?? null, found, lostMs: 0 };
  }

  /** Undefined of what is not there; null where it cannot be looked at: keys go all the same. */
  async #bytesOf(segment: SegmentRecord): Promise<number | null | undefined> {
    try {
      const file = await this.#options.files.open(segmentFile(segment));
      await file?.close();
      return file?.size;
    } catch {
      return null;
    }
  }
}
