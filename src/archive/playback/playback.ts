import type { TrackRecord } from '../../domain/model/track.ts';
import { channelsOf } from '../../domain/recording/channels.ts';
import { MAX_WAV_DATA_BYTES, WAV_HEADER_BYTES, wavHeader } from '../../protocols/wav/wav-header.ts';
import {
  AccountedRecording,
  type OpenedTrack,
  openSegments,
} from '../segment/accounted-recording.ts';
import type { Unsealing } from '../segment/segment-reader.ts';
import { type PlayedRows, recordingVersion } from './recording-version.ts';
import { TrackDecoder, type Wanted } from './track-decoder.ts';

export const CHANNELS = 2;
const BYTES_PER_FRAME = CHANNELS * 2;
/**
 * Audio is opened and mixed in windows of this length: memory does not grow with the call, and
 * decoders start at the same places wherever a listener begins.
 */
const WINDOW_MS = 4_000;
/** Rate of recordings that would be too long for a WAV file at their own rate. Hz */
const LEAST_RATE = 8_000;

interface PlaybackOptions extends Unsealing, PlayedRows {
  /**
   * Rates in Hz, rising: the first that holds the recorded audio is chosen. Without them it is the
   * highest recorded rate.
   */
  readonly rates?: readonly number[];
  /** Called perhaps more than once. */
  onClosed?(playback: Playback): void;
}

export interface Part {
  readonly voice: TrackDecoder;
  /** Channel numbers: 0 is left. */
  readonly channels: readonly number[];
}

/** A recording's place on the call's clock, in frames. */
interface Extent {
  readonly origin: number;
  readonly frames: number;
}

/** A recording as stereo PCM: one party per channel, gaps as silence. */
export class Playback {
  readonly sampleRate: number;
  /** Samples per channel. */
  readonly samples: number;
  /** `recordingVersion` of the audio played. */
  readonly version: string;
  readonly #origin: number;
  readonly #parts: readonly Part[];
  readonly #told: AccountedRecording;
  #onClosed: (playback: Playback) => void = () => undefined;
  readonly #erased = new AbortController();

  private constructor(sampleRate: number, extent: Extent, opened: Opened) {
    this.sampleRate = sampleRate;
    this.samples = extent.frames;
    this.version = opened.version;
    this.#origin = extent.origin;
    this.#parts = opened.parts;
    this.#told = opened.told;
  }

  /**
   * Looks at all files of the recording before any of it is played.
   * @throws AudioMissingError, AudioAwayError
   */
  static async open({ rates, onClosed, files, keys, ...rows }: PlaybackOptions): Promise<Playback> {
    const { tracks } = rows;
    const opened = await openAll({ files, keys }, rows);
    const stored = opened.parts.flatMap(({ voice }) => voice.sampleRates);
    const highest = wavRateOf(tracks, stored);
    const rate = rates?.find((one) => one >= highest) ?? rates?.at(-1) ?? highest;
    const playback = new Playback(rate, extentOf(tracks, rate), opened);
    if (onClosed) playback.#onClosed = onClosed;
    return playback;
  }

  /** Aborted when playback is interrupted: the audio read so far must not be played. */
  get erased(): AbortSignal {
    return this.#erased.signal;
  }

  /** True when the audio read so far is damaged and the gap map does not say so. */
  get isDamaged(): boolean {
    return this.#told.isDamaged;
  }

  get wavBytes(): number {
    return WAV_HEADER_BYTES + this.samples * BYTES_PER_FRAME;
  }

  /** Yields the WAV file's bytes from `start` up to, not including, `end`. */
  async *wav(start = 0, end = this.wavBytes): AsyncGenerator<Buffer> {
    const { sampleRate, samples } = this;
    const header = wavHeader({ sampleRate, channels: CHANNELS, frames: samples });
    // Audio is read before the first byte leaves, so that a read error comes before it.
    let head = header.subarray(start, Math.min(end, WAV_HEADER_BYTES));
    const audioStart = Math.max(start, WAV_HEADER_BYTES) - WAV_HEADER_BYTES;
    const audioEnd = end - WAV_HEADER_BYTES;
    const first = Math.floor(audioStart / BYTES_PER_FRAME);
    let at = first * BYTES_PER_FRAME;
    for await (const pcm of this.frames(first, Math.ceil(audioEnd / BYTES_PER_FRAME))) {
      const bytes = Buffer.from(pcm.buffer);
      if (head.length > 0) yield head;
      head = header.subarray(0, 0);
      yield bytes.subarray(Math.max(0, audioStart - at), Math.min(bytes.length, audioEnd - at));
      at += bytes.length;
    }
    if (head.length > 0) yield head;
  }

  /** Yields interleaved samples of the frames from `start` up to, not including, `end`. */
  async *frames(start = 0, end = this.samples): AsyncGenerator<Int16Array<ArrayBuffer>> {
    const window = (this.sampleRate * WINDOW_MS) / 1000;
    for (let from = start; from < end; ) {
      const windowStart = Math.floor(from / window) * window;
      const until = Math.min(windowStart + window, end);
      yield await this.#mix(windowStart, from, until);
      from = until;
    }
  }

  /** Closes the files: later reads fail. */
  async interrupt(): Promise<void> {
    this.#erased.abort();
    await this.close();
  }

  async close(): Promise<void> {
    this.#onClosed(this);
    await Promise.all(this.#parts.map(({ voice }) => voice.close()));
  }

  async #mix(windowStart: number, from: number, until: number): Promise<Int16Array<ArrayBuffer>> {
    if (this.erased.aborted) throw new Error('the recording was erased');
    const pcm = new Int16Array((until - from) * CHANNELS);
    const wanted = {
      rate: this.sampleRate,
      windowStart: windowStart + this.#origin,
      start: from + this.#origin,
      end: until + this.#origin,
    };
    await mixInto(pcm, this.#parts, wanted);
    return pcm;
  }
}

/** A recording's files, all of them present. */
interface Opened {
  readonly parts: readonly Part[];
  readonly told: AccountedRecording;
  readonly version: string;
}

async function openAll(unsealing: Unsealing, rows: PlayedRows): Promise<Opened> {
  const channels = channelsOf(rows.tracks);
  const opened: OpenedTrack[] = [];
  const parts: Part[] = [];
  try {
    for (const [index, track] of rows.tracks.entries()) {
      const own = rows.segments.filter((segment) => segment.track === track.track);
      const segments = await openSegments(unsealing, own);
      const readers = segments.flatMap(({ reader }) => reader ?? []);
      opened.push({ track, segments });
      parts.push({
        voice: new TrackDecoder(track.clockRate, readers),
        channels: channels[index] ?? [],
      });
    }
    const told = new AccountedRecording(opened, rows.gaps);
    await told.mustBeThere(unsealing.files);
    return { parts, told, version: recordingVersion(rows) };
  } catch (cause) {
    await Promise.all(parts.map(({ voice }) => voice.close()));
    throw cause;
  }
}

/** Adds the wanted part of the decoded tracks to interleaved stereo. */
export async function mixInto(
  pcm: Int16Array,
  parts: readonly Part[],
  wanted: Wanted,
): Promise<void> {
  for (const { voice, channels } of parts) {
    const samples = await voice.render(wanted);
    for (const channel of samples ? channels : []) add(pcm, channel, samples ?? pcm);
  }
}

function add(pcm: Int16Array, channel: number, samples: Int16Array): void {
  for (let index = 0, at = channel; index < samples.length; index += 1, at += CHANNELS) {
    const mixed = (pcm[at] as number) + (samples[index] as number);
    pcm[at] = Math.max(-32768, Math.min(32767, mixed));
  }
}

/** Spans the first packet of any track to the last one, each on its own RTP clock. */
function extentOf(tracks: readonly TrackRecord[], rate: number): Extent {
  let [origin, end] = [Infinity, -Infinity];
  for (const { startPosition, endPosition, clockRate } of tracks) {
    if (startPosition === null || endPosition === null || endPosition <= startPosition) continue;
    origin = Math.min(origin, Math.floor((startPosition * rate) / clockRate));
    end = Math.max(end, Math.ceil((endPosition * rate) / clockRate));
  }
  return end > origin ? { origin, frames: end - origin } : { origin: 0, frames: 0 };
}

/** Returns the highest stored rate that fits a WAV file. */
function wavRateOf(tracks: readonly TrackRecord[], stored: readonly number[]): number {
  const highest = stored.length === 0 ? (tracks[0]?.clockRate ?? LEAST_RATE) : Math.max(...stored);
  const bytes = extentOf(tracks, highest).frames * BYTES_PER_FRAME;
  return bytes > MAX_WAV_DATA_BYTES ? LEAST_RATE : highest;
}
