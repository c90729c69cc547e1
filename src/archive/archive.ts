import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gapsOf, type Span, slipOf, type TrackCoverage } from '../domain/gap-map.ts';
import type {
  Archive,
  ExportedAudio,
  ExportFormat,
  FinishedRecording,
  Store,
} from '../domain/ports.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import { Exports } from './exports.ts';
import { Playback } from './playback.ts';
import { SegmentReader } from './segment-reader.ts';

export interface ArchiveOptions {
  readonly recordingsDir: string;
  readonly masterKey: Buffer;
  readonly store: Store;
  /** 0: nothing is exported. */
  readonly maxExports: number;
}

/** Sealed audio on disk: what there is of it, playing it, destroying it. */
export class DiskArchive implements Archive {
  readonly #options: ArchiveOptions;
  readonly #exports: Exports;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#exports = new Exports(options.maxExports);
  }

  async finish(callId: string): Promise<FinishedRecording> {
    const { store } = this.#options;
    const tracks = await store.tracks(callId);
    const segments = await store.segments(callId);
    const coverages = await Promise.all(
      tracks.map((track) =>
        this.#coverage(
          track,
          segments.filter(({ track: of }) => of === track.track),
        ),
      ),
    );
    const heard = tracks.flatMap(({ clockRate }, index) => {
      const coverage = coverages[index];
      if (!coverage || coverage.extent.end <= coverage.extent.start) return [];
      return [{ coverage, clockRate }];
    });
    // Each track counts in units of its own clock: what they share is the time.
    const toMs = (units: number, clockRate: number) => (units * 1000) / clockRate;
    const starts = heard.map(({ coverage, clockRate }) => toMs(coverage.extent.start, clockRate));
    const ends = heard.map(({ coverage, clockRate }) => toMs(coverage.extent.end, clockRate));
    const originMs = Math.min(...starts);
    return {
      lengthMs: heard.length === 0 ? 0 : Math.round(Math.max(...ends) - originMs),
      gaps: heard.flatMap(({ coverage, clockRate }) => {
        const origin = Math.round((originMs * clockRate) / 1000);
        return gapsOf(coverage).map((gap) => ({ ...gap, start: gap.start - origin }));
      }),
      tracks: tracks.map((track, index) => withExtent(track, coverages[index]?.extent)),
    };
  }

  async destroy(callId: string): Promise<void> {
    await this.#options.store.destroyKeys(callId);
    await rm(join(this.#options.recordingsDir, callId), { recursive: true, force: true });
  }

  /** Opens a finished recording for playing. The caller closes it. */
  async play(callId: string): Promise<Playback> {
    const { store, recordingsDir, masterKey } = this.#options;
    const [tracks, segments] = [await store.tracks(callId), await store.segments(callId)];
    return Playback.open({ recordingsDir, masterKey, tracks, segments });
  }

  /**
   * Begins to make a file of a finished recording, in a thread of its own. The caller closes it.
   * @throws ExportsBusyError
   */
  async export(callId: string, format: ExportFormat): Promise<ExportedAudio> {
    const { store, recordingsDir, masterKey } = this.#options;
    const [tracks, segments] = [await store.tracks(callId), await store.segments(callId)];
    return this.#exports.start({ format, recordingsDir, masterKey, tracks, segments });
  }

  /** Ends what is being exported. */
  close(): Promise<void> {
    return this.#exports.close();
  }

  async #coverage(track: TrackRecord, segments: readonly SegmentRecord[]): Promise<TrackCoverage> {
    const { recordingsDir, masterKey } = this.#options;
    const covered = [];
    for (const segment of segments) {
      const reader = await SegmentReader.open(recordingsDir, segment, masterKey);
      covered.push({ closedBy: segment.closedBy, spans: reader?.spans ?? [] });
      await reader?.close();
    }
    const { callId, initialReason, reasonChanges } = track;
    const extent = extentOf(
      track,
      covered.flatMap(({ spans }) => spans),
    );
    const { track: number } = track;
    const slip = slipOf(track.clockRate);
    return { callId, track: number, extent, slip, initialReason, reasonChanges, segments: covered };
  }
}

/** As the stream reported it, or, where a crash came before the report, what its segments hold. */
function extentOf(track: TrackRecord, spans: readonly Span[]): Span {
  const starts = spans.map(({ start }) => start);
  const ends = spans.map(({ end }) => end);
  const start = starts.reduce((a, b) => Math.min(a, b), track.startPosition ?? Infinity);
  const end = ends.reduce((a, b) => Math.max(a, b), track.endPosition ?? -Infinity);
  return Number.isFinite(start) && Number.isFinite(end) ? { start, end } : { start: 0, end: 0 };
}

function withExtent(track: TrackRecord, extent: Span | undefined): TrackRecord {
  if (!extent || extent.end <= extent.start) return track;
  return { ...track, startPosition: extent.start, endPosition: extent.end };
}
