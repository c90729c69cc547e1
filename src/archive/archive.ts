import { createHash } from 'node:crypto';
import type { Span } from '../domain/common/span.ts';
import type { DestroyedSegment } from '../domain/model/erasure.ts';
import type { AudioMissingError } from '../domain/model/errors.ts';
import type { SegmentRecord } from '../domain/model/segment.ts';
import type {
  Archive,
  ExportedAudio,
  ExportFormat,
  FinishedRecording,
  InspectedAudio,
  Resealed,
} from '../domain/ports/archive.ts';
import type { RetentionStore } from '../domain/ports/retention-store.ts';
import type { Store } from '../domain/ports/store.ts';
import { segmentFile } from '../protocols/segment/sealed-chunk.ts';
import { withoutInterval } from './erasure/interval-erasure.ts';
import type { Place } from './files/audio-files.ts';
import { derivedFile } from './files/derived-file.ts';
import { SealedLiveAudio } from './live/live-audio.ts';
import { DerivedPeaks } from './playback/derived-peaks.ts';
import { Listeners } from './playback/listeners.ts';
import type { Peaks } from './playback/peaks.ts';
import type { Playback } from './playback/playback.ts';
import { RecordingReader, type RecordingReaderOptions } from './recording-reader.ts';
import { finishedRecording, type RecordingRows } from './segment/finished-recording.ts';

export interface ArchiveOptions extends Omit<RecordingReaderOptions, 'listeners'> {
  readonly store: Store;
  readonly keeping: RetentionStore;
}

/** Sealed audio: gap maps, playback and destruction. */
export class SealedArchive implements Archive {
  readonly #options: ArchiveOptions;
  readonly #reader: RecordingReader;
  readonly #listeners = new Listeners();
  readonly #peaks: DerivedPeaks;
  /** The audio of calls in progress. */
  readonly live: SealedLiveAudio;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.live = new SealedLiveAudio({ ...options, listeners: this.#listeners });
    this.#reader = new RecordingReader({ ...options, listeners: this.#listeners });
    this.#peaks = new DerivedPeaks({ ...options, reader: this.#reader });
  }

  async finish(callId: string): Promise<FinishedRecording> {
    // A recording reported as kept survives a power cut.
    await this.#options.files.sync(callId);
    return finishedRecording(this.#options, await this.#rows(callId));
  }

  /** Looks at the recording's files, and opens all of them unless one is missing. */
  async inspect(callId: string): Promise<InspectedAudio> {
    const missing = await this.#reader.missing(callId);
    if (missing) return { missing: missing.isAll ? 'all' : 'some', finished: undefined };
    return {
      missing: 'none',
      finished: await finishedRecording(this.#options, await this.#rows(callId)),
    };
  }

  async destroy(callId: string): Promise<void> {
    const { store, keeping } = this.#options;
    try {
      await store.destroyKeys(callId);
    } catch (cause) {
      // Removing files may make the room that the database lacks for the change.
      await this.#remove(callId, new Set(), 'disk').catch(() => undefined);
      throw cause;
    }
    // Neither waits for the other: a reader of the database or an unreachable bucket must not block
    // the rest.
    const outcomes = await Promise.allSettled([
      keeping.forgetKeys(callId),
      this.#destroyBytes(callId),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async reseal(callId: string, interval: Span): Promise<Resealed> {
    const rows = { ...(await this.#rows(callId)), gaps: await this.#options.store.gaps(callId) };
    const erased = await withoutInterval(this.#options, rows, interval);
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

  /** @see RecordingReader.play */
  play(callId: string): Promise<Playback> {
    return this.#reader.play(callId);
  }

  /** @see RecordingReader.export */
  export(callId: string, format: ExportFormat, owner?: string): Promise<ExportedAudio> {
    return this.#reader.export(callId, format, owner);
  }

  /** Returns the error that names the recording's missing audio; undefined if none is missing. */
  missing(callId: string): Promise<AudioMissingError | undefined> {
    return this.#reader.missing(callId);
  }

  /** Computes the peaks once, which may take some seconds per hour of audio. */
  peaks(callId: string): Promise<Peaks> {
    return this.#peaks.of(callId);
  }

  /** Ends exports in progress. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  /** Returns the paths of files that a key opens. */
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

  /** Only kept recordings are moved to a bucket. */
  async #mayBeInBucket(callId: string): Promise<boolean> {
    const { store } = this.#options;
    const call = await store.call(callId);
    if (!call || call.status === 'kept') return true;
    return (await store.eventsOf(call)).some(({ type }) => type === 'recordingSaved');
  }

  async #rows(callId: string): Promise<RecordingRows> {
    const { store } = this.#options;
    const record = await store.call(callId);
    const details = record ? await store.details(record) : [];
    return { tracks: await store.tracks(callId), segments: await store.segments(callId), details };
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

  /**
   * Undefined for a missing file; null if it cannot be looked at: its keys are destroyed all the
   * same.
   */
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
