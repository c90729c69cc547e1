import { encodeMulaw } from '../protocols/wav/g711.ts';
import { WAV_HEADER_BYTES } from '../protocols/wav/wav-header.ts';
import { findMarkers } from './marker-audio.ts';

/**
 * Returns the positions, in samples, of each stream's numbered frames per channel of a stereo WAV.
 */
export function markersInWav(wav: Buffer): Map<number, Map<number, number>>[] {
  const frames = (wav.length - WAV_HEADER_BYTES) / 4;
  return [0, 1].map((channel) => {
    const bytes = new Uint8Array(frames);
    for (let frame = 0; frame < frames; frame += 1) {
      bytes[frame] = encodeMulaw(wav.readInt16LE(WAV_HEADER_BYTES + frame * 4 + channel * 2));
    }
    const byTag = new Map<number, Map<number, number>>();
    for (const { streamTag, index, offset } of findMarkers(bytes)) {
      const found = byTag.get(streamTag) ?? new Map<number, number>();
      if (!found.has(index)) found.set(index, offset);
      byTag.set(streamTag, found);
    }
    return byTag;
  });
}
