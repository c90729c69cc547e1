import { type Span, without } from '../../domain/common/span.ts';
import { AudioAwayError, AudioMissingError } from '../../domain/model/errors.ts';
import type { GapRecord } from '../../domain/model/gap.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import { slipOf } from '../../domain/recording/gap-map.ts';
import { segmentFile } from '../../protocols/segment/sealed-chunk.ts';
import type { AudioFiles } from '../files/audio-files.ts';
import { originOf } from './finished-recording.ts';
import type { FoundChunks } from './segment-chunks.ts';
import { SegmentReader, type Unsealing } from './segment-reader.ts';

/** A row with its open file; undefined if there is none. */
export interface OpenedSegment {
  readonly segment: SegmentRecord;
  readonly reader: SegmentReader | undefined;
}

export interface OpenedTrack {
  readonly track: TrackRecord;
  /** In numerical order. */
  readonly segments: readonly OpenedSegment[];
}

/** Opens the files of the segments. The caller closes the readers. */
export async function openSegments(
  unsealing: Unsealing,
  segments: readonly SegmentRecord[],
): Promise<OpenedSegment[]> {
  const opened: OpenedSegment[] = [];
  try {
    for (const segment of segments) {
      opened.push({ segment, reader: await SegmentReader.open(unsealing, segment) });
    }
  } catch (cause) {
    await Promise.all(opened.map(({ reader }) => reader?.close()));
    throw cause;
  }
  return opened;
}

/**
 * Compares the files with the gap map: if audio is missing that the map does not declare absent, a
 * listener would take it for silence (docs/decisions/0023).
 */
export class AccountedRecording {
  /** Rows whose audio is missing: no file, no chunks, or fewer than were sealed. */
  readonly absent: readonly SegmentRecord[];
  readonly #isAll: boolean;
  readonly #tracks: readonly ToldTrack[];

  constructor(opened: readonly OpenedTrack[], gaps: readonly GapRecord[]) {
    const originMs = originOf(opened.map(({ track }) => track));
    this.#tracks = opened.map((one) => new ToldTrack(one, { gaps, originMs }));
    this.absent = this.#tracks.flatMap((track) => track.absent);
    const readers = opened.flatMap(({ segments }) => segments.map(({ reader }) => reader));
    this.#isAll = !readers.some((reader) => reader && reader.places.length > 0);
  }

  /** True when audio read so far does not open and the gap map does not say so. */
  get isDamaged(): boolean {
    return this.#tracks.some((track) => track.isDamaged);
  }

  /** @throws AudioMissingError, or AudioAwayError if the missing files may be elsewhere */
  async mustBeThere(files: AudioFiles): Promise<void> {
    if (this.absent.length === 0) return;
    if (await files.isEmpty()) {
      throw new AudioAwayError('nothing at all lies where recordings are kept: is it there?');
    }
    throw new AudioMissingError(this.absent.map(segmentFile), this.#isAll);
  }
}

type Fault = 'absent' | 'damaged';

interface Map {
  readonly gaps: readonly GapRecord[];
  /** Start of the recording on the call's clock: gaps count from there. */
  readonly originMs: number;
}

class ToldTrack {
  readonly absent: readonly SegmentRecord[];
  readonly #slip: number;
  readonly #segments: readonly OpenedSegment[];
  readonly #gaps: readonly Span[];
  readonly #isDamaged: boolean;

  constructor({ track, segments }: OpenedTrack, { gaps, originMs }: Map) {
    this.#slip = slipOf(track.clockRate);
    this.#segments = segments;
    const origin = Math.round((originMs * track.clockRate) / 1000);
    this.#gaps = gaps
      .filter((gap) => gap.track === track.track)
      .map(({ start, length }) => ({ start: start + origin, end: start + origin + length }));
    const faults = segments.map(({ segment, reader }) => faultOf(segment, reader?.found));
    const told = faults.some((fault) => fault) ? this.#told() : [];
    const untold = segments.flatMap(({ segment }, index) => {
      const fault = faults[index];
      const span = fault && spanOf(segments, index, track);
      return fault && span && this.#isUntold(span, told) ? [{ segment, fault }] : [];
    });
    this.absent = untold.filter(({ fault }) => fault === 'absent').map(({ segment }) => segment);
    this.#isDamaged = untold.some(({ fault }) => fault === 'damaged');
  }

  get isDamaged(): boolean {
    const unopened = this.#segments.flatMap(({ reader }) => reader?.unopened ?? []);
    return this.#isDamaged || unopened.some((span) => this.#isUntold(span, this.#gaps));
  }

  /** Returns the spans held and those declared absent, in the order of their starts. */
  #told(): Span[] {
    const held = this.#segments.flatMap(({ reader }) => reader?.spans ?? []);
    return [...held, ...this.#gaps].sort((a, b) => a.start - b.start);
  }

  #isUntold(span: Span, told: readonly Span[]): boolean {
    return without(span, told).some(({ start, end }) => end - start >= this.#slip);
  }
}

/**
 * Judges a file by its chunk numbers: if other bytes stand in place of missing chunks the file is
 * damaged; if nothing does, audio is absent.
 */
export function faultOf(
  { closedBy, sealed }: Pick<SegmentRecord, 'closedBy' | 'sealed'>,
  found: Pick<FoundChunks, 'chunks' | 'damaged'> | undefined,
): Fault | undefined {
  const { chunks, damaged } = found ?? { chunks: [], damaged: [] };
  let fault: Fault | undefined;
  let [next, end] = [0, 0];
  for (const chunk of chunks) {
    if (chunk.number > next) {
      const isThere = damaged.some(({ start }) => start >= end && start < chunk.start);
      if (!isThere) return 'absent';
      fault = 'damaged';
    }
    next = chunk.number + 1;
    end = Math.max(end, chunk.end);
  }
  // No row gives the length of a segment that was never closed: the gap map does.
  if (closedBy !== null && sealed && next >= sealed.chunks) return fault;
  const isThere = chunks.length > 0 && damaged.some(({ start }) => start >= end);
  return isThere ? 'damaged' : 'absent';
}

/** Returns where a segment's audio lay: by its row, or between its neighbours. */
function spanOf(
  segments: readonly OpenedSegment[],
  index: number,
  { startPosition, endPosition }: TrackRecord,
): Span | undefined {
  const { closedBy, sealed } = segments[index]?.segment ?? { closedBy: null, sealed: null };
  if (closedBy !== null && sealed) return sealed;
  if (startPosition === null || endPosition === null) return undefined;
  const before = segments.slice(0, index).flatMap(endOf);
  const behind = segments.slice(index + 1).flatMap(startOf);
  return {
    start: sealed?.start ?? Math.max(startPosition, ...before),
    end: Math.min(endPosition, ...behind),
  };
}

function startOf({ segment: { sealed }, reader }: OpenedSegment): number[] {
  const starts = reader?.places.map(({ covers }) => covers.start) ?? [];
  return [...starts.slice(0, 1), ...(sealed ? [sealed.start] : [])];
}

function endOf({ segment: { closedBy, sealed }, reader }: OpenedSegment): number[] {
  const ends = reader?.places.map(({ covers }) => covers.end) ?? [];
  return [...ends.slice(-1), ...(closedBy !== null && sealed ? [sealed.end] : [])];
}
