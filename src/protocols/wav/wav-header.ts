export const WAV_HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;
const PCM_FORMAT = 1;

/**
 * RIFF counts bytes in 32 bits and its count includes the header behind it, so one file holds a
 * little under 4 GiB of audio: 37 hours of 8 kHz stereo.
 */
export const MAX_WAV_DATA_BYTES = 0xffff_ffff - (WAV_HEADER_BYTES - 8);

export interface WavFormat {
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples per channel. */
  readonly frames: number;
}

/** Builds a PCM16 file's header; the interleaved samples follow. Throws RangeError past 4 GiB. */
export function wavHeader(format: WavFormat): Buffer {
  const dataBytes = format.frames * format.channels * BYTES_PER_SAMPLE;
  if (dataBytes > MAX_WAV_DATA_BYTES) throw new RangeError('A WAV file holds at most 4 GiB');
  return headerOf(format, dataBytes);
}

/** Builds the header of a stream of unknown length: players read on to its end. */
export function endlessWavHeader(format: Omit<WavFormat, 'frames'>): Buffer {
  return headerOf(format, MAX_WAV_DATA_BYTES);
}

function headerOf(format: Omit<WavFormat, 'frames'>, dataBytes: number): Buffer {
  const blockBytes = format.channels * BYTES_PER_SAMPLE;
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM_FORMAT, 20);
  header.writeUInt16LE(format.channels, 22);
  header.writeUInt32LE(format.sampleRate, 24);
  header.writeUInt32LE(format.sampleRate * blockBytes, 28);
  header.writeUInt16LE(blockBytes, 32);
  header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
