/** Of the filter, on either side, in samples of the lower rate: its images are 90 dB down. */
const REACH = 32;
const KAISER_BETA = 9;
/** Of the lower rate's band: the rest is the filter's slope. */
const PASS_BAND = 0.95;
/** Rates without a common measure are met at the nearest of so many places between two samples. */
const MAX_PHASES = 1_024;

/** Samples that lie on the call's clock: the first one is number `start` at its own rate. */
export interface SampleLine {
  readonly start: number;
  readonly pcm: Int16Array;
}

/**
 * From one sample rate to another by a windowed sinc. A sample of the output depends on its place
 * on the clock and on the input within `reach`, on nothing else: whatever part is asked for, the
 * bytes are the same.
 */
export class Resampler {
  /** Samples of the input on either side that one of the output looks at. */
  readonly reach: number;
  readonly #from: number;
  readonly #to: number;
  readonly #phases: number;
  readonly #taps: Float32Array;

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
  resample({ start, pcm }: SampleLine, first: number, target: Int16Array): void {
    const count = 2 * this.reach;
    let whole = Math.floor((first * this.#from) / this.#to);
    let part = first * this.#from - whole * this.#to;
    for (let index = 0; index < target.length; index += 1) {
      const phase = Math.round((part * this.#phases) / this.#to);
      let at = whole - this.reach + 1 - start;
      let tap = phase * count;
      let sum = 0;
      for (const end = tap + count; tap < end; tap += 1) {
        sum += (this.#taps[tap] as number) * (pcm[at] ?? 0);
        at += 1;
      }
      target[index] = Math.max(-32768, Math.min(32767, Math.round(sum)));
      part += this.#from;
      while (part >= this.#to) {
        part -= this.#to;
        whole += 1;
      }
    }
  }
}

/** A row of taps per phase, and one for the phase that is the next sample's first. */
function tapsOf(phases: number, reach: number, cutoff: number): Float32Array {
  const count = 2 * reach;
  const taps = new Float32Array((phases + 1) * count);
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
