import type { Span } from '../../domain/common/span.ts';
import type { SampleLine } from './resampler.ts';

/**
 * Decoded audio of one track at one sample rate. Later audio replaces earlier audio at the same
 * place; two stretches less than a slip apart are bridged.
 */
export class AudioLine implements SampleLine {
  readonly start: number;
  readonly pcm: Int16Array;
  /** The stretches of audio, in order: all else is silence. */
  readonly stretches: { start: number; end: number }[] = [];
  readonly #slip: number;
  #end = Number.NEGATIVE_INFINITY;

  /** @param slip in samples */
  constructor({ start, end }: Span, slip: number) {
    this.start = start;
    this.pcm = new Int16Array(end - start);
    this.#slip = slip;
  }

  /**
   * Registers samples now in `pcm`. Stretches come in the order of their starts; the part of one
   * that lies outside the line is ignored.
   */
  put(start: number, samples: number): void {
    const from = Math.max(start, this.start);
    const until = Math.min(start + samples, this.start + this.pcm.length);
    if (from >= until) return;
    const hole = from - this.#end;
    if (hole > 0 && hole < this.#slip) this.#bridge(this.#end, from);
    const last = this.stretches.at(-1);
    if (last && hole < this.#slip) last.end = Math.max(last.end, until);
    else this.stretches.push({ start: from, end: until });
    this.#end = Math.max(this.#end, until);
  }

  /** Ends the stretch, so that nothing bridges what was left out. */
  leaveOut(): void {
    this.#end = Number.NEGATIVE_INFINITY;
  }

  #bridge(from: number, until: number): void {
    const before = this.pcm[from - 1 - this.start] as number;
    const next = this.pcm[until - this.start] as number;
    for (let at = from; at < until; at += 1) {
      const share = (at - from + 1) / (until - from + 1);
      this.pcm[at - this.start] = Math.round(before + (next - before) * share);
    }
  }
}
