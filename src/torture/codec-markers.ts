import { mulawDecodeTable } from '../protocols/wav/g711.ts';
import { markerFrame } from '../simulator/marker-audio.ts';
import { type SimulatedCodec, streamFormats } from '../simulator/stream-format.ts';

/** Codecs that carry a marker through a recorder and back unchanged. */
export const markerCodecs = ['PCMU', 'PCMA', 'L16_48K'] as const satisfies SimulatedCodec[];

const FRAME_SECONDS = 0.02;

/** Returns 20 ms of marked audio: unchanged in G.711, decoded in L16 (RFC 3551 4.5.11). */
export function markerPayload(codec: SimulatedCodec, tag: number, index: number): Uint8Array {
  const codes = markerFrame(tag, index);
  if (codec === 'PCMU' || codec === 'PCMA') return codes;
  const samples = streamFormats[codec].payload.clockRate * FRAME_SECONDS;
  const payload = Buffer.alloc(samples * 2);
  for (let at = 0; at < samples; at += 1) {
    payload.writeInt16BE(mulawDecodeTable[codes[at % codes.length] ?? 0] ?? 0, at * 2);
  }
  return payload;
}
