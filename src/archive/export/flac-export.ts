import libflac from 'libflacjs';
import { CHANNELS, type Playback } from '../playback/playback.ts';

const BITS_PER_SAMPLE = 16;
/** On a scale to 8. */
const COMPRESSION_LEVEL = 5;

/**
 * Encodes a recording as a FLAC file, window by window, with the samples of its WAV file. The
 * header has neither MD5 nor frame sizes: a stream cannot be rewritten.
 */
export async function* flacFile(playback: Playback): AsyncGenerator<Uint8Array> {
  const Flac = libflac('release');
  if (!Flac.isReady()) await new Promise<void>((resolve) => Flac.on('ready', () => resolve()));
  const { sampleRate, samples } = playback;
  const encoder = Flac.create_libflac_encoder(
    ...([sampleRate, CHANNELS, BITS_PER_SAMPLE, COMPRESSION_LEVEL, samples] as const),
  );
  if (encoder === 0) throw new Error('no FLAC encoder for such audio');
  let written: Uint8Array[] = [];
  const take = (isDone: boolean): Uint8Array => {
    if (!isDone) throw new Error('the FLAC encoder failed');
    const bytes = Buffer.concat(written);
    written = [];
    return bytes;
  };
  try {
    const status = Flac.init_encoder_stream(encoder, (bytes) => void written.push(bytes));
    yield take(Number(status) === 0);
    for await (const pcm of playback.frames()) {
      const frames = pcm.length / CHANNELS;
      const wide = Int32Array.from(pcm);
      yield take(Flac.FLAC__stream_encoder_process_interleaved(encoder, wide, frames));
    }
    yield take(Flac.FLAC__stream_encoder_finish(encoder));
  } finally {
    Flac.FLAC__stream_encoder_delete(encoder);
  }
}
