import { describe, expect, test } from 'vitest';
import { g711DecodeTable } from '../../src/protocols/wav/g711.ts';
import { wavHeader } from '../../src/protocols/wav/wav-header.ts';
import { MARKER_BLOCK_BYTES } from '../../src/simulator/marker-audio.ts';
import { markerCodecs, markerPayload } from '../../src/torture/codec-markers.ts';
import { type FoundFrames, findFrames } from '../../src/torture/found-frames.ts';

type Codec = (typeof markerCodecs)[number];

const rateOf = (codec: Codec) => (codec === 'L16_48K' ? 48_000 : 8_000);

function samplesOf(codec: Codec, tag: number, index: number): number[] {
  const payload = Buffer.from(markerPayload(codec, tag, index));
  if (codec === 'L16_48K') {
    return Array.from({ length: payload.length / 2 }, (_, at) => payload.readInt16BE(at * 2));
  }
  const table = g711DecodeTable(codec === 'PCMA' ? 'alaw' : 'mulaw');
  return [...payload].map((code) => table[code] ?? 0);
}

/** A stereo WAV of 1 s with frames at places of its channels, in the order they are written. */
function wavOf(codec: Codec, frames: readonly { at: number; channel: number; frame: number[] }[]) {
  const rate = rateOf(codec);
  const pcm = Buffer.alloc(rate * 4);
  for (const { at, channel, frame } of frames) {
    const first = (at * rate) / 1000;
    for (const [offset, sample] of frame.entries()) {
      pcm.writeInt16LE(sample, (first + offset) * 4 + channel * 2);
    }
  }
  return Buffer.concat([wavHeader({ sampleRate: rate, channels: 2, frames: rate }), pcm]);
}

describe.each(markerCodecs)('frames of %s in a WAV', (codec) => {
  const found: FoundFrames = new Map();
  const wav = wavOf(codec, [
    { at: 100, channel: 0, frame: samplesOf(codec, 7, 5) },
    { at: 120, channel: 0, frame: samplesOf(codec, 7, 6) },
    { at: 300, channel: 1, frame: samplesOf(codec, 8, 5) },
    { at: 500, channel: 1, frame: samplesOf(codec, 8, 5) },
    { at: 700, channel: 0, frame: samplesOf(codec, 7, 9) },
    { at: 706, channel: 0, frame: samplesOf(codec, 7, 10) },
  ]);
  findFrames(wav, 3, found);

  test('are found where they lie, whole', () => {
    expect(found.get(7)?.get(5)).toEqual([{ recording: 3, positionMs: 100, lengthMs: 20 }]);
    expect(found.get(7)?.get(6)).toEqual([{ recording: 3, positionMs: 120, lengthMs: 20 }]);
  });

  test('are found at both places when they are there twice', () => {
    expect(
      found
        .get(8)
        ?.get(5)
        ?.map(({ positionMs }) => positionMs),
    ).toEqual([300, 500]);
  });

  test('are shorter where another one lies on them', () => {
    expect(found.get(7)?.get(9)?.[0]?.lengthMs).toBeLessThanOrEqual(6);
    expect(found.get(7)?.get(10)?.[0]?.lengthMs).toBe(20);
  });

  test('are not found by a single block, which others may make up by chance', () => {
    const one = samplesOf(codec, 7, 11).slice(0, MARKER_BLOCK_BYTES);
    const single: FoundFrames = new Map();
    findFrames(wavOf(codec, [{ at: 100, channel: 0, frame: one }]), 0, single);
    expect(single.size).toBe(0);
  });
});
