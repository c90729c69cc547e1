import { createDecoder, type OpusDecoderHandle } from 'libopus-wasm';
import { G722Decoder, SAMPLES_PER_BYTE } from '../../protocols/g722/decoder.ts';
import type { SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';
import { decodeInto } from '../../protocols/wav/g711.ts';

export interface CodecShape {
  /** Samples of audio per unit of the RTP clock (RFC 3551 section 4.5.2 for G.722). */
  readonly samplesPerUnit: number;
  /** Null if packets differ in size and cannot be divided. */
  readonly bytesPerUnit: number | null;
  /** True when a byte's decoding depends on the bytes before it. */
  readonly hasMemory: boolean;
}

export const codecShapes: Readonly<Record<SegmentCodec, CodecShape>> = {
  PCMU: { samplesPerUnit: 1, bytesPerUnit: 1, hasMemory: false },
  PCMA: { samplesPerUnit: 1, bytesPerUnit: 1, hasMemory: false },
  L16: { samplesPerUnit: 1, bytesPerUnit: 2, hasMemory: false },
  G722: { samplesPerUnit: SAMPLES_PER_BYTE, bytesPerUnit: 1, hasMemory: true },
  OPUS: { samplesPerUnit: 1, bytesPerUnit: null, hasMemory: true },
};

/** Decoders of one stretch of a track, each with its state. */
export class RunDecoder {
  #g722: G722Decoder | undefined;
  #opus: OpusDecoderHandle | undefined;

  /**
   * Decodes `audio` into `target` from `at` (in samples) on; samples of an Opus packet that do not
   * fit are dropped.
   * @returns how many samples it has; 0 if it cannot be decoded
   */
  async decode(
    { codec, audio }: { readonly codec: SegmentCodec; readonly audio: Uint8Array },
    target: Int16Array,
    at: number,
  ): Promise<number> {
    switch (codec) {
      case 'OPUS':
        this.#opus ??= await createDecoder({ channels: 1 });
        return decodePacket(this.#opus, audio, { target, at });
      case 'G722':
        this.#g722 ??= new G722Decoder();
        return this.#g722.decode(audio, target, at);
      case 'L16':
        return decodeL16(audio, target, at);
      default:
        return decodeInto(target, at, audio, codec === 'PCMA' ? 'alaw' : 'mulaw');
    }
  }

  close(): void {
    this.#opus?.free();
    this.#opus = undefined;
  }
}

/** A client may send anything: an invalid packet becomes silence. */
function decodePacket(
  decoder: OpusDecoderHandle,
  packet: Uint8Array,
  { target, at }: { readonly target: Int16Array; readonly at: number },
): number {
  let pcm: Int16Array;
  try {
    pcm = decoder.decode(packet);
  } catch {
    return 0;
  }
  const from = Math.min(pcm.length, Math.max(0, -at));
  const until = Math.max(from, Math.min(pcm.length, target.length - at));
  if (until > from) target.set(pcm.subarray(from, until), at + from);
  return pcm.length;
}

/** Decodes 16-bit samples in network byte order (RFC 3551 section 4.5.11). */
function decodeL16(audio: Uint8Array, target: Int16Array, at: number): number {
  const view = new DataView(audio.buffer, audio.byteOffset, audio.byteLength);
  const count = Math.min(audio.length >> 1, target.length - at);
  for (let index = 0; index < count; index += 1) target[at + index] = view.getInt16(2 * index);
  return count;
}
