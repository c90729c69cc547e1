import { randomInt } from 'node:crypto';
import { Application, createEncoder } from 'libopus-wasm';
import { OpusStream } from '../../protocols/ogg/opus-stream.ts';
import { CHANNELS, type Playback } from '../playback/playback.ts';

/**
 * Rates that Opus encodes natively (RFC 6716 section 2), Hz: a telephone call need not be
 * resampled.
 */
export const opusRates = [8_000, 12_000, 16_000, 24_000, 48_000] as const;
/** Rate at which Opus is played and counted, whatever was encoded (RFC 7845 section 4). Hz */
const PLAYED_RATE = 48_000;
const FRAME_MS = 20;
const PLAYED_FRAME = (PLAYED_RATE * FRAME_MS) / 1000;
const BITRATE = 48_000;
/** On a scale to 10: more is inaudible in speech of 48 kbit/s (docs/decisions/0009). */
const COMPLEXITY = 5;

/**
 * Encodes a recording, opened at one of `opusRates`, as an Ogg file of Opus, the pages of one
 * window at a time.
 */
export async function* opusFile(playback: Playback): AsyncGenerator<Uint8Array> {
  const sampleRate = opusRates.find((rate) => rate === playback.sampleRate);
  if (!sampleRate) throw new RangeError('Opus encodes no audio of such a rate');
  const frameSize = (sampleRate * FRAME_MS) / 1000;
  const encoder = await createEncoder({
    channels: CHANNELS,
    sampleRate,
    frameSize,
    application: Application.Audio,
    bitrate: BITRATE,
    complexity: COMPLEXITY,
  });
  try {
    const lookahead = encoder.getLookahead();
    const played = PLAYED_RATE / sampleRate;
    const stream = new OpusStream({
      channels: CHANNELS,
      preSkip: lookahead * played,
      inputSampleRate: sampleRate,
      vendor: 'Hush',
      serial: randomInt(2 ** 32),
    });
    yield stream.head();
    const frames = new FrameCutter(frameSize * CHANNELS);
    const encode = (pcm: Int16Array): Buffer => {
      const pages: Buffer[] = [];
      for (const frame of frames.cut(pcm)) {
        const page = stream.add(encoder.encode(frame), PLAYED_FRAME);
        if (page) pages.push(page);
      }
      return Buffer.concat(pages);
    };
    for await (const pcm of playback.frames()) {
      const pages = encode(pcm);
      if (pages.length > 0) yield pages;
    }
    // Silence flushes the samples that the encoder still holds.
    yield encode(frames.rest(lookahead * CHANNELS));
    yield stream.end(playback.samples * played);
  } finally {
    encoder.free();
  }
}

/** Cuts samples into frames of one length. */
class FrameCutter {
  readonly #frame: Int16Array;
  #filled = 0;

  constructor(length: number) {
    this.#frame = new Int16Array(length);
  }

  /** Yields full frames; each belongs to the caller until the next one. */
  *cut(pcm: Int16Array): Generator<Int16Array> {
    const frame = this.#frame;
    for (let at = 0; at < pcm.length; ) {
      const piece = pcm.subarray(at, at + frame.length - this.#filled);
      frame.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled < frame.length) return;
      yield frame;
      this.#filled = 0;
    }
  }

  /** Returns silence that fills the last frame, at least `length` samples of it. */
  rest(length: number): Int16Array {
    const whole = this.#frame.length;
    return new Int16Array(Math.ceil((this.#filled + length) / whole) * whole - this.#filled);
  }
}
