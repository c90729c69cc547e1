import { mirrorTaps } from './tables.ts';

const TAPS = 2 * mirrorTaps.length;
/** Fill level at which the delay line is moved back to its beginning. */
const ROOM = 1_024;

/** The quadrature mirror filter that splits 16 kHz into two bands of 8 kHz, and joins them. */
export class MirrorFilter {
  readonly #line = new Int32Array(ROOM);
  #end = TAPS;
  /** Sums over every other value, the older ones and the newer ones of each pair. */
  first = 0;
  second = 0;

  /** Takes two values in and gives two sums out. */
  push(older: number, newer: number): void {
    const line = this.#line;
    if (this.#end + 2 > ROOM) {
      line.copyWithin(0, this.#end - TAPS, this.#end);
      this.#end = TAPS;
    }
    line[this.#end] = older;
    line[this.#end + 1] = newer;
    this.#end += 2;
    let at = this.#end - TAPS;
    let first = 0;
    let second = 0;
    for (let tap = 0; tap < mirrorTaps.length; tap += 1) {
      first += (line[at] as number) * (mirrorTaps[tap] as number);
      second += (line[at + 1] as number) * (mirrorTaps[mirrorTaps.length - 1 - tap] as number);
      at += 2;
    }
    this.first = first;
    this.second = second;
  }
}
