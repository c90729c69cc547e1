/** Scale factor law of one sub-band in ITU-T G.722, with its initial value. */
export interface BandLaw {
  /** Growth of the scale factor's logarithm, by code. */
  readonly growth: Int16Array;
  readonly maxLogarithm: number;
  readonly shift: number;
  readonly firstScale: number;
}

/** Tables of blocks LOGSCL and LOGSCH, already looked up by code (RL42 and RH2). */
export const lowLaw: BandLaw = {
  growth: Int16Array.from([
    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
  ]),
  maxLogarithm: 18_432,
  shift: 8,
  firstScale: 32,
};
export const highLaw: BandLaw = {
  growth: Int16Array.of(798, -214, 798, -214),
  maxLogarithm: 22_528,
  shift: 10,
  firstScale: 8,
};

/** ILB: powers of two in 32 steps. */
const powers = Int16Array.from({ length: 32 }, (_, step) => Math.round(2048 * 2 ** (step / 32)));
const ZEROS = 6;

/**
 * One sub-band's state, the same in encoder and decoder (ITU-T G.722, blocks 3 and 4): an adaptive
 * quantizer's scale factor, and a predictor of two poles and six zeros.
 */
export class Band {
  /** DETL, DETH: multiplies the quantizer's steps. */
  scale: number;
  /** SL, SH: the predicted next value. */
  prediction = 0;
  readonly #law: BandLaw;
  #logarithm = 0;
  #ofZeros = 0;
  readonly #differences = new Int16Array(ZEROS);
  readonly #zeros = new Int16Array(ZEROS);
  #pole1 = 0;
  #pole2 = 0;
  #rebuilt1 = 0;
  #rebuilt2 = 0;
  #partial1 = 0;
  #partial2 = 0;

  constructor(law: BandLaw) {
    this.#law = law;
    this.scale = law.firstScale;
  }

  /**
   * @param code that changes the scale factor
   * @param difference between the predicted and the actual value
   */
  adapt(code: number, difference: number): void {
    this.#rescale(code);
    const rebuilt = saturate(this.prediction + difference);
    const partial = saturate(this.#ofZeros + difference);
    this.#adaptPoles(partial);
    this.#adaptZeros(difference);
    this.#rebuilt2 = this.#rebuilt1;
    this.#rebuilt1 = rebuilt;
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
    this.#predict();
  }

  /** LOGSCL and SCALEL, LOGSCH and SCALEH. */
  #rescale(code: number): void {
    const { growth, maxLogarithm, shift } = this.#law;
    const grown = ((this.#logarithm * 127) >> 7) + (growth[code] as number);
    this.#logarithm = Math.max(0, Math.min(maxLogarithm, grown));
    const power = powers[(this.#logarithm >> 6) & 31] as number;
    const down = shift - (this.#logarithm >> 11);
    this.scale = (down < 0 ? power << -down : power >> down) << 2;
  }

  /** UPPOL2 and UPPOL1. */
  #adaptPoles(partial: number): void {
    const sameAsLast = partial < 0 === this.#partial1 < 0;
    const sameAsOneBefore = partial < 0 === this.#partial2 < 0;
    const lean = saturate(this.#pole1 << 2);
    const leaning = Math.min(32_767, sameAsLast ? -lean : lean) >> 7;
    const step = sameAsOneBefore ? 128 : -128;
    const pole2 = leaning + step + ((this.#pole2 * 32_512) >> 15);
    this.#pole2 = Math.max(-12_288, Math.min(12_288, pole2));
    const bound = saturate(15_360 - this.#pole2);
    const pole1 = saturate((sameAsLast ? 192 : -192) + ((this.#pole1 * 32_640) >> 15));
    this.#pole1 = Math.max(-bound, Math.min(bound, pole1));
  }

  /** UPZERO and DELAYA. */
  #adaptZeros(difference: number): void {
    const differences = this.#differences;
    const zeros = this.#zeros;
    const step = difference === 0 ? 0 : 128;
    for (let index = 0; index < ZEROS; index += 1) {
      const same = (differences[index] as number) < 0 === difference < 0;
      const leaked = ((zeros[index] as number) * 32_640) >> 15;
      zeros[index] = saturate(leaked + (same ? step : -step));
    }
    for (let index = ZEROS - 1; index > 0; index -= 1) {
      differences[index] = differences[index - 1] as number;
    }
    differences[0] = difference;
  }

  /** FILTEP, FILTEZ and PREDIC. */
  #predict(): void {
    const ofPoles = saturate(
      ((this.#pole1 * saturate(2 * this.#rebuilt1)) >> 15) +
        ((this.#pole2 * saturate(2 * this.#rebuilt2)) >> 15),
    );
    let ofZeros = 0;
    for (let index = ZEROS - 1; index >= 0; index -= 1) {
      const doubled = saturate(2 * (this.#differences[index] as number));
      ofZeros += ((this.#zeros[index] as number) * doubled) >> 15;
    }
    this.#ofZeros = saturate(ofZeros);
    this.prediction = saturate(ofPoles + this.#ofZeros);
  }
}

/** Limits to 16 bits. */
export function saturate(value: number): number {
  if (value > 32_767) return 32_767;
  return value < -32_768 ? -32_768 : value;
}
