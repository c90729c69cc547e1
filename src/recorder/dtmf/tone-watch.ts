import type { SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';
import { alawDecodeTable, mulawDecodeTable } from '../../protocols/wav/g711.ts';
import type { OpenChunk } from '../segment/open-chunk.ts';
import { ToneDetector } from './tone-detector.ts';

/** The samples that the codes of G.711 stand for. */
const tables: Partial<Record<SegmentCodec, Float64Array>> = {
  PCMU: Float64Array.from(mulawDecodeTable),
  PCMA: Float64Array.from(alawDecodeTable),
};

/** Shared by all streams: a thread looks at one chunk at a time. */
let pcm = new Int16Array(16_384);

/**
 * Finds DTMF tones in a stream's audio before it is sealed, and has them left out. Opus is not
 * inspected: nothing decodes it while it is recorded (docs/decisions/0012).
 */
export class ToneWatch {
  /** Undefined for L16, whose samples need none. */
  readonly #table: Float64Array | undefined;
  readonly #detector: ToneDetector;
  readonly #found: { start: number; end: number }[] = [];
  /** Position up to which the detector has listened, in units of the RTP clock. */
  #heardUpTo = Number.NEGATIVE_INFINITY;

  constructor(codec: SegmentCodec, clockRate: number) {
    this.#table = tables[codec];
    this.#detector = new ToneDetector(clockRate, (start, end) => this.#found.push({ start, end }));
  }

  static listensTo(codec: SegmentCodec): boolean {
    return codec === 'PCMU' || codec === 'PCMA' || codec === 'L16';
  }

  /**
   * Makes the chunk leave out the tones found in it.
   * @param isLast nothing follows: a possible onset of a tone counts as one
   * @returns position from which it must not be sealed yet, relative to the time line
   */
  listen(chunk: OpenChunk, isLast: boolean): number {
    const { audio } = chunk;
    let at = 0;
    const runs = chunk.runs.map((run) => {
      const placed = { position: chunk.start + run.offset, samples: run.samples, at };
      at += run.bytes;
      return placed;
    });
    // Packets that came out of order are listened to in order.
    for (const { position, samples, at: from } of runs.sort((a, b) => a.position - b.position)) {
      const known = Math.max(0, Math.min(samples, this.#heardUpTo - position));
      if (known === samples) continue;
      this.#push(audio, from, { start: known, end: samples, position: position + known });
      this.#heardUpTo = position + samples;
    }
    if (isLast) this.#detector.flush();
    for (const { start, end } of this.#found.splice(0)) chunk.leaveOut('dtmf', start, end);
    if (!isLast) return this.#detector.undecidedFrom;
    this.#detector.reset();
    this.#heardUpTo = Number.NEGATIVE_INFINITY;
    return Number.POSITIVE_INFINITY;
  }

  /** @param from where the run's audio begins; start and end are samples of the run */
  #push(audio: Buffer, from: number, run: { start: number; end: number; position: number }): void {
    const { start, end, position } = run;
    if (this.#table) {
      this.#detector.pushCoded(audio, this.#table, from + start, from + end, position);
      return;
    }
    if (pcm.length < end) pcm = new Int16Array(end);
    for (let index = start; index < end; index += 1)
      pcm[index] = audio.readInt16BE(from + 2 * index);
    this.#detector.push(pcm, start, end, position);
  }
}
