import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  decodeInto,
  encodeAlaw,
  encodeMulaw,
  type G711Law,
  g711DecodeTable,
  g711Silence,
} from '../../../src/protocols/wav/g711.ts';

const allCodes = Uint8Array.from({ length: 256 }, (_, code) => code);
const pcm = ['-t', 'raw', '-e', 'signed', '-b', '16', '-c', '1', '-r', '8000', '-L', '-'];
const hasSox = spawnSync('sox', ['--version']).status === 0;

function encode(sample: number, law: G711Law): number {
  return law === 'alaw' ? encodeAlaw(sample) : encodeMulaw(sample);
}

/** Runs sox without dither, from one raw coding to another. */
function sox(from: string[], to: string[], input: Uint8Array): Buffer {
  return spawnSync('sox', ['-D', ...from, ...to], { input }).stdout;
}

function toSamples(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2));
}

describe.each<[G711Law, string]>([
  ['alaw', 'a-law'],
  ['mulaw', 'mu-law'],
])('%s', (law, name) => {
  const coded = ['-t', 'raw', '-e', name, '-b', '8', '-c', '1', '-r', '8000', '-'];

  test('every code survives decoding and encoding, but for the second zero of mu-law', () => {
    const table = g711DecodeTable(law);
    for (const code of allCodes) {
      const expected = law === 'mulaw' && code === 0x7f ? 0xff : code;
      expect(encode(table[code] as number, law)).toBe(expected);
    }
  });

  test('the code of silence decodes to zero', () => {
    expect(Math.abs(g711DecodeTable(law)[g711Silence[law]] as number)).toBeLessThanOrEqual(8);
  });

  test.runIf(hasSox)('decodes every code as sox does', () => {
    const decoded = toSamples(sox(coded, pcm, allCodes));
    expect([...g711DecodeTable(law)]).toEqual(decoded);
  });

  test('encodes every sample to a code no worse than half a step away', () => {
    const table = g711DecodeTable(law);
    for (let sample = -32_768; sample <= 32_767; sample += 1) {
      const error = Math.abs((table[encode(sample, law)] as number) - sample);
      expect(error).toBeLessThanOrEqual(Math.max(8, Math.abs(sample) / 32 + 8));
    }
  });
});

test('decoding into a longer track stays within it', () => {
  const target = new Int16Array(6);
  expect(decodeInto(target, 1, Uint8Array.of(0x00, 0x80), 'mulaw')).toBe(2);
  expect([...target]).toEqual([0, -32_124, 32_124, 0, 0, 0]);
  expect(decodeInto(target, 5, Uint8Array.of(0x80, 0x80), 'mulaw')).toBe(1);
  expect(decodeInto(target, 9, Uint8Array.of(0x80), 'mulaw')).toBe(0);
});
