/** Length of the filter on either side, in samples of the lower rate: its images are 90 dB down. */
const REACH = 32;
const KAISER_BETA = 9;
/** Fraction of the lower rate's band that passes: the rest is the filter's slope. */
const PASS_BAND = 0.95;
/** Rates without a common measure use the nearest of this many places between two samples. */
const MAX_PHASES = 1_024;

/** Samples on the call's clock: the first is number `start` at its own rate. */
export interface SampleLine {
  readonly start: number;
  readonly pcm: Int16Array;
}

/**
 * Converts one sample rate to another with a windowed sinc. An output sample depends only on its
 * place on the clock and on the input within `reach`, so any part yields the same bytes.
 */
export class Resampler {
  /** Input samples on either side that contribute to one output sample. */
  readonly reach: number;
  readonly #from: number;
  readonly #to: number;
  readonly #phases: number;
  readonly #taps: Float64Array;

  constructor(from: number, to: number) {
    const common = greatestCommonDivisor(from, to);
    this.#from = from / common;
    this.#to = to / common;
    const cutoff = Math.min(1, to / from) * PASS_BAND;
    this.reach = Math.ceil(REACH * Math.max(1, from / to));
    this.#phases = Math.min(this.#to, MAX_PHASES);
    this.#taps = tapsOf(this.#phases, this.reach, cutoff);
  }

  /** Fills `target`, whose first sample is number `first` at the output's rate. */
  resample(line: SampleLine, first: number, target: Int16Array): void {
    const [from, to, taps] = [this.#from, this.#to, this.#taps];
    const count = 2 * this.reach;
    let whole = Math.floor((first * from) / to);
    let part = first * from - whole * to;
    const start = whole - this.reach + 1;
    const input = inputOf(line, start, Math.ceil((target.length * from) / to) + count);
    for (let index = 0; index < target.length; index += 1) {
      const row = Math.round((part * this.#phases) / to) * count;
      const at = whole - this.reach + 1 - start;
      // Two sums, so that additions need not wait for each other; the number of taps is even.
      let [even, odd] = [0, 0];
      for (let tap = 0; tap < count; tap += 2) {
        even += (taps[row + tap] as number) * (input[at + tap] as number);
        odd += (taps[row + tap + 1] as number) * (input[at + tap + 1] as number);
      }
      target[index] = Math.max(-32768, Math.min(32767, Math.round(even + odd)));
      part += from;
      while (part >= to) {
        part -= to;
        whole += 1;
      }
    }
  }
}

/** Returns the input, silent beyond the line, as numbers that need no conversion at every tap. */
function inputOf({ start, pcm }: SampleLine, first: number, length: number): Float64Array {
  const input = new Float64Array(length);
  const skipped = Math.max(0, start - first);
  const known = pcm.subarray(Math.max(0, first - start), Math.max(0, first - start + length));
  input.set(known.subarray(0, Math.max(0, length - skipped)), Math.min(skipped, length));
  return input;
}

/** Returns one row of taps per phase, and one for the phase at the next sample. */
function tapsOf(phases: number, reach: number, cutoff: number): Float64Array {
  const count = 2 * reach;
  const taps = new Float64Array((phases + 1) * count);
  for (let phase = 0; phase <= phases; phase += 1) {
    const row = taps.subarray(phase * count, (phase + 1) * count);
    let sum = 0;
    for (let tap = 0; tap < count; tap += 1) {
      const distance = tap - reach + 1 - phase / phases;
      const value = sinc(distance * cutoff) * kaiser(distance / reach);
      row[tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < count; tap += 1) row[tap] = (row[tap] as number) / sum;
  }
  return taps;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
