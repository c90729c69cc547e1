import type { Playback } from './playback.ts';

/** The loudness of a recording over time, from which a wave form is drawn. */
export interface Peaks {
  readonly pointsPerSecond: number;
  /** Left and right: the lowest and highest sample of each point, -128 to 127. */
  readonly channels: readonly { readonly min: Int8Array; readonly max: Int8Array }[];
}

const POINTS_PER_SECOND = 50;
const HEADER_BYTES = 8;
const CHANNELS = 2;

/*
 * u32  points per second
 * u32  number of points
 *      per channel: i8 lowest sample of each point, i8 highest sample of each point
 */

/** Yields the peaks of a whole recording, encoded, in one piece. */
export async function* peaksFile(playback: Playback): AsyncGenerator<Uint8Array> {
  const perPoint = playback.sampleRate / POINTS_PER_SECOND;
  const count = Math.ceil(playback.samples / perPoint);
  const bytes = Buffer.alloc(HEADER_BYTES + count * CHANNELS * 2);
  bytes.writeUInt32BE(POINTS_PER_SECOND, 0);
  bytes.writeUInt32BE(count, 4);
  const { channels } = decodePeaks(bytes);
  let frame = 0;
  for await (const pcm of playback.frames()) {
    const frames = pcm.length / CHANNELS;
    for (const [channel, { min, max }] of channels.entries()) {
      for (let index = 0; index < frames; index += 1) {
        const point = Math.floor((frame + index) / perPoint);
        const sample = (pcm[index * CHANNELS + channel] as number) >> 8;
        if (sample < (min[point] as number)) min[point] = sample;
        if (sample > (max[point] as number)) max[point] = sample;
      }
    }
    frame += frames;
  }
  yield bytes;
}

/** @throws RangeError for what `peaksFile` did not make */
export function decodePeaks(bytes: Buffer): Peaks {
  const pointsPerSecond = bytes.readUInt32BE(0);
  const count = bytes.readUInt32BE(4);
  const part = (index: number): Int8Array =>
    new Int8Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES + index * count, count);
  return {
    pointsPerSecond,
    channels: [
      { min: part(0), max: part(1) },
      { min: part(2), max: part(3) },
    ],
  };
}
