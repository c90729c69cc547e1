import { Band, highLaw, lowLaw, saturate } from './band.ts';
import { MirrorFilter } from './mirror-filter.ts';
import { coarseLowLevels, highLevels, lowLevels } from './tables.ts';

/** A byte holds two samples at 16 kHz. */
export const SAMPLES_PER_BYTE = 2;

/** ITU-T G.722 at 64 kbit/s: decoding a byte depends on the bytes before it. */
export class G722Decoder {
  readonly #low = new Band(lowLaw);
  readonly #high = new Band(highLaw);
  readonly #filter = new MirrorFilter();

  /**
   * Decodes `bytes` into `target` from `at` (in samples) on, as far as there is room.
   * @returns the number of samples written
   */
  decode(bytes: Uint8Array, target: Int16Array, at: number): number {
    const room = Math.floor((target.length - at) / SAMPLES_PER_BYTE);
    const count = Math.max(0, Math.min(bytes.length, room));
    const filter = this.#filter;
    for (let index = 0; index < count; index += 1) {
      const byte = bytes[index] as number;
      const low = this.#lower(byte & 0x3f);
      const high = this.#upper(byte >> 6);
      filter.push(low + high, low - high);
      target[at + 2 * index] = saturate(filter.second >> 11);
      target[at + 2 * index + 1] = saturate(filter.first >> 11);
    }
    return count * SAMPLES_PER_BYTE;
  }

  #lower(code: number): number {
    const band = this.#low;
    const { scale, prediction } = band;
    const value = prediction + ((scale * (lowLevels[code] as number)) >> 15);
    const coarse = code >> 2;
    band.adapt(coarse, (scale * (coarseLowLevels[coarse] as number)) >> 15);
    return limit(value);
  }

  #upper(code: number): number {
    const band = this.#high;
    const difference = (band.scale * (highLevels[code] as number)) >> 15;
    const value = band.prediction + difference;
    band.adapt(code, difference);
    return limit(value);
  }
}

/** LIMIT: limits to 15 bits. */
function limit(value: number): number {
  return Math.max(-16_384, Math.min(16_383, value));
}
