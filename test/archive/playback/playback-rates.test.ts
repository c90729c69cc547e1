import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ffmpegSamples, ffprobe } from '../../support/audio/ffprobe.ts';
import { snrDb, tone } from '../../support/audio/tones.ts';
import { expectSlices, l16, mulaw, OPUS_FRAME, opusPackets, StoredCall } from '../stored-call.ts';

const HEADER = 44;
const agent = { role: 'agent' } as const;

let call: StoredCall;
beforeEach(() => {
  call = new StoredCall();
});
afterEach(() => call.remove());

describe('tracks of different rates', () => {
  const GAP = { from: 2, to: 5 };

  /** Records the same tone on both sides, silent from 2 to 5 s. */
  async function record(hz: number): Promise<void> {
    const phone = call.track('PCMU', 8000, agent);
    const wide = call.track('OPUS', 48_000);
    const packets = await opusPackets(tone(48_000, 10, hz), 96_000);
    const codes = mulaw(tone(8000, 10, hz));
    for (let index = 0; index < 500; index += 1) {
      const seconds = index / 50;
      if (seconds >= GAP.from && seconds < GAP.to) continue;
      if (seconds === GAP.to) phone.pause('api');
      if (seconds === GAP.to) wide.pause('api');
      phone.add(4_001 + index * 160, codes.subarray(index * 160, (index + 1) * 160));
      wide.add(24_006 + index * OPUS_FRAME, packets[index] as Uint8Array, OPUS_FRAME);
    }
    await call.end();
  }

  it('share one clock at their highest rate, and gaps are silent to the last bit', async () => {
    await record(440);
    const wav = await call.wav();
    const probe = await ffprobe(wav);
    expect(probe).toMatchObject({ channels: 2, sampleRate: 48_000, durationMs: 10_000 });
    expect(await ffmpegSamples(wav)).toEqual(wav.subarray(HEADER));
    const [left, right] = [await call.heard(0), await call.heard(1)];
    const clean = tone(48_000, 10, 440);
    const parts = [
      [1_000, 95_000],
      [241_000, 479_000],
    ] as const;
    for (const [from, until] of parts) {
      expect(snrDb(clean.subarray(from, until), left.subarray(from, until))).toBeGreaterThan(33);
      // libopus looks 312 samples ahead.
      const delayed = right.subarray(from + 312, until + 312);
      expect(snrDb(clean.subarray(from, until), delayed)).toBeGreaterThan(20);
    }
    const gap = [GAP.from * 48_000, GAP.to * 48_000] as const;
    expect(left.subarray(...gap).every((sample) => sample === 0)).toBe(true);
    expect(right.subarray(...gap).every((sample) => sample === 0)).toBe(true);
    expect(left[GAP.to * 48_000 + 20]).not.toBe(0);
    await expectSlices(call, 15);
  });

  it('play at a rate that has little in common with theirs', async () => {
    call
      .track('L16', 44_100, agent)
      .addAll(441, l16(tone(44_100, 6, 3_000)), { samples: 441, bytes: 882 });
    call.track('PCMU', 8000).addAll(80, mulaw(tone(8000, 6, 3_000)), { samples: 160 });
    const [left, right] = [await call.heard(0), await call.heard(1)];
    const clean = tone(44_100, 6, 3_000);
    expect(left).toEqual(clean);
    expect(snrDb(clean.subarray(1_000, 264_000), right.subarray(1_000))).toBeGreaterThan(33);
    await expectSlices(call, 20);
  });

  it('contain no images after resampling', async () => {
    call
      .track('L16', 8000, agent)
      .addAll(0, l16(tone(8000, 4, 3_000)), { samples: 160, bytes: 320 });
    call
      .track('L16', 48_000)
      .addAll(0, l16(new Int16Array(4 * 48_000)), { samples: 480, bytes: 960 });
    const left = await call.heard(0);
    const clean = tone(48_000, 4, 3_000);
    expect(snrDb(clean.subarray(1_000, 190_000), left.subarray(1_000))).toBeGreaterThan(75);
  });
});
