import type { SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';

/** Longest packet of audio; a longer one is foreign. */
export const MAX_PAYLOAD_BYTES = 2048;

/** Bytes of audio per unit of the RTP clock; null: packets vary, and each is indivisible. */
export const bytesPerSample: Readonly<Record<SegmentCodec, number | null>> = {
  PCMU: 1,
  PCMA: 1,
  G722: 1,
  L16: 2,
  OPUS: null,
};
/** Room for a chunk of packets of varying size; a full one is sealed early. */
const WHOLE_PACKETS_BYTES = 16_384;

/** Allocates the buffer in which a chunk is gathered. */
export function roomFor(codec: SegmentCodec, chunkSamples: number): Buffer {
  const perSample = bytesPerSample[codec];
  const bytes =
    perSample === null ? WHOLE_PACKETS_BYTES : chunkSamples * perSample + MAX_PAYLOAD_BYTES;
  return Buffer.allocUnsafeSlow(bytes);
}
