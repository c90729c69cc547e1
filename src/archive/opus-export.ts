import { randomInt } from 'node:crypto';
import { Application, createEncoder } from 'libopus-wasm';
import { OpusStream } from '../protocols/ogg/opus-stream.ts';
import { CHANNELS, type Playback } from './playback.ts';

/** What Opus is played at, whatever was recorded (RFC 7845 section 5.1). Hz */
export const OPUS_RATE = 48_000;
/** 20 ms */
const FRAME_SAMPLES = 960;
const BITRATE = 48_000;
/** Of 10: what more costs is not heard in speech of 48 kbit/s (docs/decisions/0009). */
const COMPLEXITY = 5;

/** A recording, opened at `OPUS_RATE`, as an Ogg file of Opus, a window's pages after the other. */
export async function* opusFile(playback: Playback): AsyncGenerator<Uint8Array> {
  const encoder = await createEncoder({
    ...{ channels: CHANNELS, sampleRate: OPUS_RATE, frameSize: FRAME_SAMPLES },
    ...{ application: Application.Audio, bitrate: BITRATE, complexity: COMPLEXITY },
  });
  try {
    const preSkip = encoder.getLookahead();
    const stream = new OpusStream({
      ...{ channels: CHANNELS, preSkip, inputSampleRate: OPUS_RATE, vendor: 'Hush' },
      serial: randomInt(2 ** 32),
    });
    yield stream.head();
    const frames = new FrameCutter(FRAME_SAMPLES * CHANNELS);
    const encode = (pcm: Int16Array): Buffer => {
      const pages: Buffer[] = [];
      for (const frame of frames.cut(pcm)) {
        const page = stream.add(encoder.encode(frame), FRAME_SAMPLES);
        if (page) pages.push(page);
      }
      return Buffer.concat(pages);
    };
    for await (const pcm of playback.frames()) {
      const pages = encode(pcm);
      if (pages.length > 0) yield pages;
    }
    // What the encoder still has in itself comes out behind silence.
    yield encode(frames.rest(preSkip * CHANNELS));
    yield stream.end(playback.samples);
  } finally {
    encoder.free();
  }
}

/** Cuts what comes into frames of one length. */
class FrameCutter {
  readonly #frame: Int16Array;
  #filled = 0;

  constructor(length: number) {
    this.#frame = new Int16Array(length);
  }

  /** Full frames; each is the caller's until the next one. */
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

  /** Silence that fills the last frame, behind at least `length` samples of it. */
  rest(length: number): Int16Array {
    const whole = this.#frame.length;
    return new Int16Array(Math.ceil((this.#filled + length) / whole) * whole - this.#filled);
  }
}
