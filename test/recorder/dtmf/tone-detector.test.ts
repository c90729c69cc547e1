import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeInto,
  encodeAlaw,
  encodeMulaw,
  type G711Law,
} from '../../../src/protocols/wav/g711.ts';
import { ToneDetector } from '../../../src/recorder/dtmf/tone-detector.ts';

const RATE = 8000;
const LOWS = [697, 770, 852, 941];
const HIGHS = [1209, 1336, 1477, 1633];
const PAIRS = LOWS.flatMap((low) => HIGHS.map((high) => [low, high] as const));
const DIGIT_START = 800;

/** 100 ms of silence, the digit, 100 ms of silence. */
function digit(pair: readonly [number, number], ms = 40, dbfs = -20, offset = 1): Int16Array {
  const amplitude = 32_767 * 10 ** (dbfs / 20);
  const count = (RATE * ms) / 1000;
  return Int16Array.from({ length: count + 2 * DIGIT_START }, (_, i) => {
    const t = (2 * Math.PI * offset * (i - DIGIT_START)) / RATE;
    if (i < DIGIT_START || i >= DIGIT_START + count) return 0;
    return amplitude * (Math.sin(pair[0] * t) + Math.sin(pair[1] * t));
  });
}

function stretches(pcm: Int16Array, chunk = () => 160): [number, number][] {
  const found: [number, number][] = [];
  const detector = new ToneDetector(RATE, (start, end) => found.push([start, end]));
  for (let at = 0; at < pcm.length; ) {
    const next = Math.min(pcm.length, at + chunk());
    detector.push(pcm, at, next, at);
    expect(next - detector.undecidedFrom).toBeLessThanOrEqual(0.06 * RATE);
    at = next;
  }
  detector.flush();
  return found;
}

function decoded(bytes: Uint8Array, law: G711Law): Int16Array {
  const pcm = new Int16Array(bytes.length);
  decodeInto(pcm, 0, bytes, law);
  return pcm;
}

function expectCovered(found: [number, number][], ms = 40): void {
  const end = DIGIT_START + (RATE * ms) / 1000;
  let at = DIGIT_START;
  for (const [from, to] of found) if (from <= at) at = Math.max(at, to);
  expect(at).toBeGreaterThanOrEqual(end);
}

describe('the tone detector', () => {
  it.each(PAIRS)('covers %d + %d Hz wholly at every level and offset', (low, high) => {
    for (const dbfs of [-7, -20, -36, -43]) {
      for (const offset of [0.985, 1, 1.015]) {
        expectCovered(stretches(digit([low, high], 40, dbfs, offset)));
      }
    }
  });

  it.each(['alaw', 'mulaw'] as const)('covers a digit of %s', (law) => {
    const found: [number, number][] = [];
    const detector = new ToneDetector(RATE, (start, end) => found.push([start, end]));
    const bytes = Uint8Array.from(digit([770, 1336]), law === 'alaw' ? encodeAlaw : encodeMulaw);
    detector.push(decoded(bytes, law), 0, bytes.length, 0);
    expectCovered(found);
  });

  it('finds the same tones however the audio is cut', () => {
    const pcm = digit([852, 1477], 100);
    const whole = stretches(pcm, () => 160);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sizes) => {
        let i = 0;
        expect(stretches(pcm, () => sizes[i++ % sizes.length] ?? 1)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('silences at most 1 s of a minute of the demo speech', () => {
    const folder = new URL('../../../src/demo/speech/', import.meta.url);
    let lost = 0;
    let total = 0;
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.ulaw'))) {
      const bytes = readFileSync(new URL(name, folder));
      const detector = new ToneDetector(RATE, (start, end) => (lost += end - start));
      detector.push(decoded(bytes, 'mulaw'), 0, bytes.length, 0);
      total += bytes.length;
    }
    expect(lost / total).toBeLessThan(1 / 60);
  });

  it('covers a digit of 60 ms that lost 20 ms, wherever the packet lay in it', () => {
    for (let hole = DIGIT_START; hole <= DIGIT_START + 320; hole += 40) {
      const pcm = digit([770, 1336], 60);
      const found: [number, number][] = [];
      const detector = new ToneDetector(RATE, (start, end) => found.push([start, end]));
      detector.push(pcm, 0, hole, 0);
      detector.push(pcm, hole + 160, pcm.length, hole + 160);
      detector.flush();
      const kept = Array.from({ length: pcm.length }, (_, at) => at).filter(
        (at) =>
          (at < hole || at >= hole + 160) &&
          pcm[at] !== 0 &&
          !found.some(([start, end]) => at >= start && at < end),
      );
      // What no detector takes for a digit: ITU-T Q.24 has 23 ms for the least.
      expect(kept.length).toBeLessThan(0.023 * RATE);
    }
  });

  it('starts anew at a jump and reports a suspicious end at flush', () => {
    const found: [number, number][] = [];
    const detector = new ToneDetector(RATE, (start, end) => found.push([start, end]));
    const tone = digit([697, 1209]).subarray(DIGIT_START, DIGIT_START + 150);
    detector.push(tone, 0, tone.length, 0);
    expect(found).toEqual([]);
    detector.push(new Int16Array(10), 0, 10, 5000);
    expect(found).toEqual([[0, 150]]);
    expect(detector.undecidedFrom).toBe(5000);
    detector.flush();
    expect(found).toHaveLength(1);
  });

  it('covers a digit with 8 dB of twist either way, and one with noise 15 dB below', () => {
    for (const twist of [-8, 8]) {
      const pcm = digit([941, 1633], 40, -20);
      const extra = 3_276.7 * (10 ** (twist / 20) - 1);
      for (let i = DIGIT_START; i < DIGIT_START + 320; i += 1) {
        const t = (2 * Math.PI * (i - DIGIT_START)) / RATE;
        pcm[i] = (pcm[i] as number) + extra * Math.sin(1633 * t);
      }
      expectCovered(stretches(pcm));
    }
    let seed = 1;
    const noisy = digit([697, 1477]).map((sample) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return sample + (seed / 2_147_483_647 - 0.5) * 2 * 1_009;
    });
    expectCovered(stretches(noisy));
  });
});
