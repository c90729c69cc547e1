import { describe, expect, it } from 'vitest';
import { Resampler } from '../../../src/archive/playback/resampler.ts';
import { snrDb, tone } from '../../support/audio/tones.ts';

function resampled(pcm: Int16Array, from: number, to: number): Int16Array {
  const target = new Int16Array(Math.floor((pcm.length * to) / from));
  new Resampler(from, to).resample({ start: 0, pcm }, 0, target);
  return target;
}

/** Returns the part where the filter has input on both sides. */
function inner(pcm: Int16Array): Int16Array {
  return pcm.subarray(2_000, pcm.length - 2_000);
}

describe('the resampler', () => {
  it.each([
    [8_000, 16_000],
    [8_000, 48_000],
    [8_000, 44_100],
    [16_000, 48_000],
    [44_100, 48_000],
    [48_000, 8_000],
    [96_000, 48_000],
    // So little in common that the places between two samples are rounded.
    [44_101, 47_999],
  ])('from %i to %i Hz preserves a tone', (from, to) => {
    const heard = inner(resampled(tone(from, 2, 1_000), from, to));
    expect(snrDb(inner(tone(to, 2, 1_000)), heard)).toBeGreaterThan(from === 44_101 ? 60 : 75);
  });

  it('removes what the lower rate cannot hold', () => {
    const heard = inner(resampled(tone(48_000, 2, 5_000), 48_000, 8_000));
    expect(heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(2);
  });

  it('preserves a constant to the last bit', () => {
    const heard = inner(resampled(new Int16Array(16_000).fill(12_345), 8_000, 44_100));
    expect(new Set(heard)).toEqual(new Set([12_345]));
  });

  it('returns the same samples for any part', () => {
    const pcm = tone(8_000, 2, 700);
    const whole = resampled(pcm, 8_000, 44_100);
    const resampler = new Resampler(8_000, 44_100);
    for (const first of [0, 1, 146, 147, 40_000]) {
      const part = new Int16Array(500);
      const start = Math.floor((first * 80) / 441) - resampler.reach;
      const from = Math.max(0, start);
      resampler.resample({ start: from, pcm: pcm.subarray(from, from + 200) }, first, part);
      expect(part, String(first)).toEqual(whole.subarray(first, first + 500));
    }
  });
});
