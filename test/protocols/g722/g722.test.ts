import { describe, expect, it } from 'vitest';
import { G722Decoder } from '../../../src/protocols/g722/decoder.ts';
import { G722Encoder } from '../../../src/protocols/g722/encoder.ts';
import { seededRandom } from '../../../src/torture/random.ts';
import { bestSnrDb, pcmOf, sweep } from '../../support/audio/tones.ts';
import { runProgram } from '../../support/programs.ts';

const RATE = 16_000;
const raw = ['-f', 's16le', '-ar', String(RATE), '-ac', '1'];

async function ffmpegEncoded(pcm: Int16Array): Promise<Buffer> {
  const to = ['-c:a', 'g722', '-f', 'g722', 'pipe:1'];
  return runProgram('ffmpeg', ['-v', 'error', ...raw, '-i', 'pipe:0', ...to], pcmBytes(pcm));
}

async function ffmpegDecoded(bytes: Uint8Array): Promise<Int16Array> {
  const from = ['-v', 'error', '-f', 'g722', '-i', 'pipe:0'];
  return pcmOf(await runProgram('ffmpeg', [...from, '-f', 's16le', 'pipe:1'], Buffer.from(bytes)));
}

function pcmBytes(pcm: Int16Array): Buffer {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}

function decoded(bytes: Uint8Array): Int16Array {
  const target = new Int16Array(2 * bytes.length);
  expect(new G722Decoder().decode(bytes, target, 0)).toBe(target.length);
  return target;
}

function noise(samples: number, amplitude: number): Int16Array {
  const random = seededRandom(722);
  return Int16Array.from({ length: samples }, () => (random() * 2 - 1) * amplitude);
}

const signals: readonly [string, Int16Array][] = [
  ['a sweep', sweep({ rate: RATE, seconds: 4, fromHz: 50, toHz: 7_500, amplitude: 12_000 })],
  ['a loud sweep', sweep({ rate: RATE, seconds: 2, fromHz: 50, toHz: 7_900, amplitude: 32_767 })],
  ['noise', noise(RATE, 20_000)],
  ['full noise', noise(RATE, 32_767)],
  ['silence', new Int16Array(RATE)],
];

describe('G.722', () => {
  it.each(signals)('decodes %s as ffmpeg does, bit for bit', async (_, pcm) => {
    const bytes = await ffmpegEncoded(pcm);
    expect(bytes.length).toBe(pcm.length / 2);
    expect(pcmBytes(decoded(bytes)).equals(pcmBytes(await ffmpegDecoded(bytes)))).toBe(true);
  });

  it.each(signals)('encodes %s as ffmpeg does, byte for byte', async (_, pcm) => {
    expect(Buffer.from(new G722Encoder().encode(pcm)).equals(await ffmpegEncoded(pcm))).toBe(true);
  });

  it('decodes any bytes as ffmpeg does', async () => {
    const random = seededRandom(1);
    const bytes = Uint8Array.from({ length: RATE }, () => random() * 256);
    expect(pcmBytes(decoded(bytes)).equals(pcmBytes(await ffmpegDecoded(bytes)))).toBe(true);
  });

  it('encodes speech that ffmpeg decodes well', async () => {
    const tone = sweep({ rate: RATE, seconds: 2, fromHz: 440, toHz: 440, amplitude: 12_000 });
    const heard = await ffmpegDecoded(new G722Encoder().encode(tone));
    expect(bestSnrDb(tone, heard, 40)).toBeGreaterThan(30);
  });

  it('continues where it stopped, and writes no further than there is room', () => {
    const bytes = new G722Encoder().encode(noise(1_000, 9_000));
    const whole = decoded(bytes);
    const decoder = new G722Decoder();
    const pieces = new Int16Array(1_000);
    let at = 0;
    for (const size of [1, 7, 92, 0, 400]) {
      at += decoder.decode(bytes.subarray(at / 2, at / 2 + size), pieces, at);
    }
    expect(pieces).toEqual(whole);
    expect(new G722Decoder().decode(bytes, new Int16Array(7), 2)).toBe(4);
  });
});
