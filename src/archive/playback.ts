import type { Span } from '../domain/gap-map.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import { decodeInto } from '../protocols/wav/g711.ts';
import { WAV_HEADER_BYTES, wavHeader } from '../protocols/wav/wav-header.ts';
import { type AudioRun, SegmentReader } from './segment-reader.ts';

const CHANNELS = 2;
const BYTES_PER_FRAME = CHANNELS * 2;
/**
 * Audio is opened and mixed in windows of this many samples: memory does not grow with the call.
 */
const WINDOW_SAMPLES = 32_000;

interface PlaybackOptions {
  readonly recordingsDir: string;
  readonly masterKey: Buffer;
  readonly tracks: readonly TrackRecord[];
  readonly segments: readonly SegmentRecord[];
}

interface Voice {
  /** 0 is left: the agent where the metadata names one, else the first stream. */
  readonly channel: number;
  readonly readers: readonly SegmentReader[];
}

/** A recording as stereo PCM at its own sample rate: one party per channel, gaps as silence. */
export class Playback {
  readonly sampleRate: number;
  readonly samples: number;
  readonly #origin: number;
  readonly #voices: readonly Voice[];

  private constructor(tracks: readonly TrackRecord[], voices: readonly Voice[]) {
    const heard = tracks.filter(({ startPosition }) => startPosition !== null);
    this.#origin = Math.min(...heard.map(({ startPosition }) => startPosition as number));
    const end = Math.max(...heard.map(({ endPosition }) => endPosition as number));
    this.samples = heard.length === 0 ? 0 : end - this.#origin;
    this.sampleRate = tracks[0]?.clockRate ?? 8000;
    this.#voices = voices;
  }

  static async open(options: PlaybackOptions): Promise<Playback> {
    const { recordingsDir, masterKey, tracks, segments } = options;
    const channels = channelsOf(tracks);
    const voices: Voice[] = [];
    for (const [index, { track }] of tracks.entries()) {
      const readers: SegmentReader[] = [];
      for (const segment of segments.filter((other) => other.track === track)) {
        const reader = await SegmentReader.open(recordingsDir, segment, masterKey);
        if (reader) readers.push(reader);
      }
      voices.push({ channel: channels[index] as number, readers });
    }
    return new Playback(tracks, voices);
  }

  get wavBytes(): number {
    return WAV_HEADER_BYTES + this.samples * BYTES_PER_FRAME;
  }

  /** The WAV file's bytes from `start` up to, not including, `end`. */
  async *wav(start = 0, end = this.wavBytes): AsyncGenerator<Buffer> {
    if (start < WAV_HEADER_BYTES) {
      const { sampleRate, samples } = this;
      const header = wavHeader({ sampleRate, channels: CHANNELS, frames: samples });
      yield header.subarray(start, Math.min(end, WAV_HEADER_BYTES));
    }
    const audioStart = Math.max(start, WAV_HEADER_BYTES) - WAV_HEADER_BYTES;
    const audioEnd = end - WAV_HEADER_BYTES;
    let frame = Math.floor(audioStart / BYTES_PER_FRAME);
    while (frame * BYTES_PER_FRAME < audioEnd) {
      const last = Math.min(frame + WINDOW_SAMPLES, this.samples);
      const pcm = await this.#mix({ start: frame, end: last });
      const from = Math.max(0, audioStart - frame * BYTES_PER_FRAME);
      yield pcm.subarray(from, Math.min(pcm.length, audioEnd - frame * BYTES_PER_FRAME));
      frame = last;
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#voices.flatMap(({ readers }) => readers.map((reader) => reader.close())),
    );
  }

  async #mix(window: Span): Promise<Buffer> {
    const pcm = new Int16Array((window.end - window.start) * CHANNELS);
    const span = { start: window.start + this.#origin, end: window.end + this.#origin };
    for (const { channel, readers } of this.#voices) {
      for (const reader of readers) {
        for await (const run of reader.read(span)) addRun(pcm, channel, run, span);
      }
    }
    return Buffer.from(pcm.buffer);
  }
}

function addRun(pcm: Int16Array, channel: number, run: AudioRun, span: Span): void {
  const decoded = new Int16Array(run.audio.length);
  decodeInto(decoded, 0, run.audio, run.codec === 'PCMA' ? 'alaw' : 'mulaw');
  const from = Math.max(0, span.start - run.position);
  const until = Math.min(decoded.length, span.end - run.position);
  for (let index = from; index < until; index += 1) {
    const at = (run.position + index - span.start) * CHANNELS + channel;
    const mixed = (pcm[at] as number) + (decoded[index] as number);
    pcm[at] = Math.max(-32768, Math.min(32767, mixed));
  }
}

/** Agents left, everybody else right; where no agent is known, the first stream left. */
function channelsOf(tracks: readonly TrackRecord[]): number[] {
  const agents = tracks.filter(({ role }) => role === 'agent').length;
  if (agents === 0 || agents === tracks.length) {
    return tracks.map((_, index) => (index === 0 ? 0 : 1));
  }
  return tracks.map(({ role }) => (role === 'agent' ? 0 : 1));
}
