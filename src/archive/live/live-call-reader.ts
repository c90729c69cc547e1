import { AudioMissingError } from '../../domain/model/errors.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import { channelsOf } from '../../domain/recording/channels.ts';
import { segmentFile } from '../../protocols/segment/sealed-chunk.ts';
import type { Interruptible } from '../playback/listeners.ts';
import type { Part } from '../playback/playback.ts';
import { TrackDecoder } from '../playback/track-decoder.ts';
import type { KnownChunk } from '../segment/segment-chunks.ts';
import { SegmentReader, type Unsealing } from '../segment/segment-reader.ts';

/** Most chunks that may overlap at the end of a track. */
const MAX_OVERLAP = 8;
/** Most chunks per look, a second each at most: a reader further behind skips those between. */
const MAX_LOOK = 64;

export interface Recorded {
  readonly tracks: readonly TrackRecord[];
  readonly segments: readonly SegmentRecord[];
}

/** A track of a call in progress, with its audio sealed so far. Times are ms of the call. */
export interface LiveTrackReader extends Part {
  readonly track: TrackRecord;
  /** End of the newest sealed audio. */
  readonly endMs: number;
  /** Returns where audio begins from `ms` on; undefined if there is none yet. */
  nextAfter(ms: number): number | undefined;
  /** Returns the end of the audio that begins by `ms`; 0 if there is none. */
  reach(ms: number): number;
}

/** Chunks found in a segment, kept until nobody asks for audio that old. */
interface Remembered {
  readonly track: number;
  readonly segment: number;
  readonly places: readonly KnownChunk[];
}

/**
 * Reads the sealed audio of a call in progress, for repeated looks: each reads only what was added
 * since the last. Audio that is not recorded cannot be heard here.
 */
export class LiveCallReader {
  readonly #unsealing: Unsealing;
  readonly #remembered = new Map<string, Remembered>();
  /** Oldest segment needed, by track: earlier ones are past. */
  readonly #oldest = new Map<number, number>();

  constructor(unsealing: Unsealing) {
    this.#unsealing = unsealing;
  }

  /** Opens the audio from `sinceMs` on. The caller closes the decoders. */
  async look({ tracks, segments }: Recorded, sinceMs: number): Promise<LiveTrackReader[]> {
    const channels = channelsOf(tracks);
    const open: LiveTrackReader[] = [];
    try {
      for (const [index, track] of tracks.entries()) {
        const own = segments.filter((segment) => segment.track === track.track);
        const readers = await this.#readers(track, own, sinceMs);
        open.push(growing(track, readers, channels[index] ?? []));
      }
    } catch (cause) {
      await closeAll(open);
      throw cause;
    }
    return open;
  }

  async #readers(
    { track, clockRate }: TrackRecord,
    segments: readonly SegmentRecord[],
    sinceMs: number,
  ): Promise<SegmentReader[]> {
    const newest = segments.at(-1)?.segment ?? 0;
    const oldest = this.#oldest.get(track) ?? newest;
    const readers: SegmentReader[] = [];
    for (const segment of segments.filter((one) => one.segment >= oldest)) {
      const file = segmentFile(segment);
      // An unauthenticated header could lie far ahead of the call.
      const known = this.#remembered.get(file)?.places ?? [];
      const reader = await SegmentReader.open(this.#unsealing, segment, { known, deep: true });
      if (!reader && isGone(segment, known)) {
        await Promise.all(readers.map((open) => open.close()));
        throw new AudioMissingError([file], false);
      }
      if (!reader) continue;
      readers.push(reader);
      const places = reader.places.slice(-MAX_LOOK);
      this.#remembered.set(file, { track, segment: segment.segment, places });
    }
    this.#forget(track, newest, (sinceMs * clockRate) / 1000);
    return readers;
  }

  /**
   * Forgets segments that ended before that position, except the newest: they are not opened again.
   */
  #forget(track: number, newest: number, position: number): void {
    let oldest = newest;
    for (const [file, { track: of, segment, places }] of this.#remembered) {
      if (of !== track || segment === newest) continue;
      if ((places.at(-1)?.covers.end ?? 0) < position) this.#remembered.delete(file);
      else oldest = Math.min(oldest, segment);
    }
    this.#oldest.set(track, oldest);
  }
}

/** The tracks that one look has open, which are closed when the call is destroyed. */
export class Look implements Interruptible {
  readonly tracks: readonly LiveTrackReader[];
  readonly #onClosed: () => void;
  #isInterrupted = false;

  constructor(tracks: readonly LiveTrackReader[], onClosed: () => void) {
    this.tracks = tracks;
    this.#onClosed = onClosed;
  }

  /** True when the audio read so far must no longer be played. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  async close(): Promise<void> {
    this.#onClosed();
    await closeAll(this.tracks);
  }

  async interrupt(): Promise<void> {
    this.#isInterrupted = true;
    await this.close();
  }
}

/** True when a file is missing: a segment being written may hold nothing yet, a closed one does. */
function isGone(segment: SegmentRecord, known: readonly KnownChunk[]): boolean {
  const { wrappedKey, closedBy, sealed } = segment;
  const isPast = closedBy !== null && (sealed?.chunks ?? 0) > 0;
  return wrappedKey !== null && (isPast || known.length > 0);
}

async function closeAll(tracks: readonly LiveTrackReader[]): Promise<void> {
  await Promise.all(tracks.map(({ voice }) => voice.close()));
}

function growing(
  track: TrackRecord,
  readers: readonly SegmentReader[],
  channels: readonly number[],
): LiveTrackReader {
  const places = readers.flatMap((reader) => reader.places);
  const msOf = (position: number): number => (position * 1000) / track.clockRate;
  return {
    track,
    channels,
    voice: new TrackDecoder(track.clockRate, readers),
    endMs: msOf(Math.max(0, ...places.slice(-MAX_OVERLAP).map(({ covers }) => covers.end))),
    nextAfter: (ms) => {
      const later = places.slice(-MAX_LOOK).filter(({ covers }) => msOf(covers.end) > ms);
      const starts = later.map(({ covers }) => Math.max(ms, msOf(covers.start)));
      return starts.length === 0 ? undefined : Math.min(...starts);
    },
    reach: (ms) => {
      const begun = places.slice(-MAX_LOOK).filter(({ covers }) => msOf(covers.start) <= ms);
      return Math.max(0, ...begun.map(({ covers }) => msOf(covers.end)));
    },
  };
}
