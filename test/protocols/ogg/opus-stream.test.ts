import { createEncoder } from 'libopus-wasm';
import { describe, expect, it } from 'vitest';
import { OpusStream } from '../../../src/protocols/ogg/opus-stream.ts';
import { buildPage, PageFlag } from '../../../src/protocols/ogg/page.ts';
import { ffmpegSamples, ffprobe } from '../../support/audio/ffprobe.ts';
import { channelOf, pcmOf, snrDb, sweep } from '../../support/audio/tones.ts';

const RATE = 48_000;
const FRAME = 960;
/** What libopus looks ahead. */
const PRE_SKIP = 312;

async function encoded(pcm: Int16Array): Promise<Buffer> {
  const encoder = await createEncoder({ channels: 2, bitrate: 96_000, frameSize: FRAME });
  const preSkip = encoder.getLookahead();
  expect(preSkip).toBe(PRE_SKIP);
  const format = {
    channels: 2,
    preSkip,
    inputSampleRate: RATE,
    serial: 7,
    vendor: 'test',
  } as const;
  const stream = new OpusStream(format);
  const samples = pcm.length / 2;
  const packets = Math.max(1, Math.ceil((preSkip + samples) / FRAME));
  const padded = new Int16Array(packets * FRAME * 2);
  padded.set(pcm);
  const pages = [stream.head()];
  for (let at = 0; at < padded.length; at += FRAME * 2) {
    const page = stream.add(encoder.encode(padded.subarray(at, at + FRAME * 2)), FRAME);
    if (page) pages.push(page);
  }
  encoder.free();
  return Buffer.concat([...pages, stream.end(samples)]);
}

function stereo(mono: Int16Array): Int16Array {
  return Int16Array.from({ length: mono.length * 2 }, (_, at) => mono[at >> 1] as number);
}

describe('an Ogg file of Opus', () => {
  const tone = sweep({ rate: RATE, seconds: 3, fromHz: 440, toHz: 440, amplitude: 10_000 });

  it.each([1, 647, 648, 649, FRAME, 48_000, 100_001])(
    'lasts exactly its %i samples, to ffprobe and to ffmpeg',
    async (samples) => {
      const file = await encoded(stereo(tone.subarray(0, samples)));
      const probe = await ffprobe(file);
      expect(probe).toMatchObject({ format: 'ogg', codec: 'opus', channels: 2, sampleRate: RATE });
      // ffprobe counts what is skipped; ffmpeg skips it.
      expect(Math.round((probe.durationMs * RATE) / 1000)).toBe(samples + PRE_SKIP);
      expect((await ffmpegSamples(file)).length).toBe(samples * 4);
    },
  );

  it('begins with its first sample', async () => {
    const heard = pcmOf(await ffmpegSamples(await encoded(stereo(tone))));
    for (const channel of [0, 1]) {
      expect(snrDb(tone, channelOf(heard, channel))).toBeGreaterThan(20);
    }
  });

  it('has no samples when nothing was encoded', async () => {
    expect((await ffmpegSamples(await encoded(new Int16Array(0)))).length).toBe(0);
  });
});

describe('a page of Ogg', () => {
  const header = { flag: PageFlag.None, granule: 0, serial: 1, number: 0 };

  it('ends packets whose length is a multiple of 255 with a 0', () => {
    const page = buildPage(header, [new Uint8Array(255), new Uint8Array(254), new Uint8Array(510)]);
    expect([...page.subarray(26, 33)]).toEqual([6, 255, 0, 254, 255, 255, 0]);
  });

  it('refuses more packets than it can describe', () => {
    expect(() => buildPage(header, [new Uint8Array(255 * 255)])).toThrow(RangeError);
  });
});
