import type { SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';
import { alawDecodeTable, mulawDecodeTable } from '../../protocols/wav/g711.ts';
import type { OpenChunk } from '../segment/open-chunk.ts';
import { ToneDetector } from './tone-detector.ts';

/** One thread looks at one chunk at a time. */
let pcm = new Int16Array(16_384);

/**
 * Looks for tones of digits in a stream's audio before it is sealed, and has them left out. Opus is
 * not looked at: nothing decodes it while it is recorded (docs/decisions/0012).
 */
export class ToneWatch {
  readonly #codec: SegmentCodec;
  readonly #detector: ToneDetector;
  readonly #found: { start: number; end: number }[] = [];
  /** Units of the RTP clock that the detector has heard. */
  #heardUpTo = Number.NEGATIVE_INFINITY;

  constructor(codec: SegmentCodec, clockRate: number) {
    this.#codec = codec;
    this.#detector = new ToneDetector(clockRate, (start, end) => this.#found.push({ start, end }));
  }

  static listensTo(codec: SegmentCodec): boolean {
    return codec === 'PCMU' || codec === 'PCMA' || codec === 'L16';
  }

  /**
   * Has the chunk leave out the tones that are in it.
   * @param isLast nothing follows: what may be the beginning of a tone is taken for one
   * @returns from where on it must not be sealed yet, relative to the time line
   */
  listen(chunk: OpenChunk, isLast: boolean): number {
    const { audio } = chunk;
    let at = 0;
    const runs = chunk.runs.map((run) => {
      const placed = { position: chunk.start + run.offset, samples: run.samples, at };
      at += run.bytes;
      return placed;
    });
    // Packets that came in another order are heard in theirs.
    for (const { position, samples, at: from } of runs.sort((a, b) => a.position - b.position)) {
      const known = Math.max(0, Math.min(samples, this.#heardUpTo - position));
      if (known === samples) continue;
      decode(audio, from, samples, this.#codec);
      this.#detector.push(pcm, known, samples, position + known);
      this.#heardUpTo = position + samples;
    }
    if (isLast) this.#detector.flush();
    for (const { start, end } of this.#found.splice(0)) chunk.leaveOut('dtmf', start, end);
    if (!isLast) return this.#detector.undecidedFrom;
    this.#detector.reset();
    this.#heardUpTo = Number.NEGATIVE_INFINITY;
    return Number.POSITIVE_INFINITY;
  }
}

function decode(audio: Buffer, from: number, samples: number, codec: SegmentCodec): void {
  if (pcm.length < samples) pcm = new Int16Array(samples);
  if (codec === 'L16') {
    for (let index = 0; index < samples; index += 1) {
      pcm[index] = audio.readInt16BE(from + 2 * index);
    }
    return;
  }
  const table = codec === 'PCMA' ? alawDecodeTable : mulawDecodeTable;
  for (let index = 0; index < samples; index += 1) {
    pcm[index] = table[audio[from + index] as number] as number;
  }
}
