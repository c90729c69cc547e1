import { Band, highLaw, lowLaw, saturate } from './band.ts';
import { SAMPLES_PER_BYTE } from './decoder.ts';
import { MirrorFilter } from './mirror-filter.ts';
import {
  coarseLowLevels,
  HIGH_DECISION,
  highLevels,
  lowDecisions,
  negativeLowCodes,
  positiveLowCodes,
} from './tables.ts';

/** ITU-T G.722 at 64 kbit/s. */
export class G722Encoder {
  readonly #low = new Band(lowLaw);
  readonly #high = new Band(highLaw);
  readonly #filter = new MirrorFilter();

  /** @param samples at 16 kHz, an even number of them */
  encode(samples: Int16Array): Uint8Array {
    const bytes = new Uint8Array(Math.floor(samples.length / SAMPLES_PER_BYTE));
    const filter = this.#filter;
    for (let index = 0; index < bytes.length; index += 1) {
      filter.push(samples[2 * index] as number, samples[2 * index + 1] as number);
      const low = this.#lower((filter.second + filter.first) >> 14);
      const high = this.#upper((filter.second - filter.first) >> 14);
      bytes[index] = (high << 6) | low;
    }
    return bytes;
  }

  #lower(value: number): number {
    const band = this.#low;
    const { scale } = band;
    const difference = saturate(value - band.prediction);
    const size = difference < 0 ? ~difference : difference;
    let level = 1;
    while (level < 30 && size >= ((lowDecisions[level] as number) * scale) >> 12) level += 1;
    const codes = difference < 0 ? negativeLowCodes : positiveLowCodes;
    const code = codes[level] as number;
    const coarse = code >> 2;
    band.adapt(coarse, (scale * (coarseLowLevels[coarse] as number)) >> 15);
    return code;
  }

  #upper(value: number): number {
    const band = this.#high;
    const difference = saturate(value - band.prediction);
    const size = difference < 0 ? ~difference : difference;
    const isLarge = size >= (HIGH_DECISION * band.scale) >> 12;
    const code = (difference < 0 ? 0 : 2) + (isLarge ? 0 : 1);
    band.adapt(code, (band.scale * (highLevels[code] as number)) >> 15);
    return code;
  }
}
