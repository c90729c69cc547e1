import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDecoder } from 'libopus-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { alawDecodeTable, mulawDecodeTable } from '../../../src/protocols/wav/g711.ts';
import { seededRandom } from '../../../src/torture/random.ts';
import { ffprobe } from '../../support/audio/ffprobe.ts';
import { pcmOf, snrDb, sweep, tone } from '../../support/audio/tones.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { runProgram } from '../../support/programs.ts';
import { expectSlices, g722, mulaw, OPUS_FRAME, opusPackets, StoredCall } from '../stored-call.ts';

const HEADER = 44;
const agent = { role: 'agent' } as const;

let call: StoredCall;
beforeEach(() => {
  call = new StoredCall();
});
afterEach(() => call.remove());

describe('playback of G.711', () => {
  const random = seededRandom(711);
  const codes = Uint8Array.from({ length: 80_000 }, () => random() * 256);

  it('matches its tables, sample for sample, with losses, pauses and late packets', async () => {
    const left = call.track('PCMU', 8000, agent);
    const right = call.track('PCMA', 8000);
    const expected = new Int16Array(2 * 80_000);
    for (let index = 0; index < 500; index += 1) {
      // Every seventeenth packet arrives after the next one.
      const number = index % 17 === 0 ? index + 1 : index % 17 === 1 ? index - 1 : index;
      if (number % 23 === 5 || (number > 200 && number < 260) || number >= 500) continue;
      if (index === 260) left.pause('api');
      const at = number * 160;
      left.add(12_345 + at, codes.subarray(at, at + 160));
      right.add(12_345 + at, codes.subarray(at, at + 160));
      for (let sample = at; sample < at + 160; sample += 1) {
        expected[2 * sample] = mulawDecodeTable[codes[sample] as number] as number;
        expected[2 * sample + 1] = alawDecodeTable[codes[sample] as number] as number;
      }
    }
    const wav = await (await call.end()).wav();
    const frames = (wav.length - HEADER) / 4;
    expect(wav.subarray(HEADER).equals(Buffer.from(expected.buffer, 0, frames * 4))).toBe(true);
    expect(frames).toBe(80_000);
    await expectSlices(call, 40);
  });

  it('is bridged where clocks slipped, and nowhere else', async () => {
    const level = (value: number, length: number) => mulaw(new Int16Array(length).fill(value));
    const track = call.track('PCMU', 8000);
    track.add(0, level(4_000, 160));
    track.add(165, level(8_000, 160));
    track.add(165 + 160 + 16, level(4_000, 160));
    track.add(165 + 160 + 16 + 150, level(-8_000, 160));
    const pcm = await call.heard(0);
    const [low, high] = [pcm[0] as number, pcm[200] as number];
    const bridge = [...pcm.subarray(159, 166)];
    expect(bridge).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((at) => Math.round(low + ((high - low) * at) / 6)),
    );
    expect([...pcm.subarray(325, 341)]).toEqual(new Array(16).fill(0));
    // Overlapping audio replaces earlier audio: it is not added.
    expect([pcm[490], pcm[491], pcm[501]]).toEqual([low, -high, -high]);
    await expectSlices(call, 30);
  });

  it('adds several streams of one side, and clips', async () => {
    const loud = mulaw(new Int16Array(160).fill(30_000));
    for (const role of ['agent', 'other', 'other'] as const) {
      call.track('PCMU', 8000, { role }).add(0, loud);
    }
    const value = mulawDecodeTable[loud[0] as number];
    expect((await call.heard(0))[0]).toBe(value);
    expect((await call.heard(1))[0]).toBe(32_767);
  });

  it('of several parties in one stream is on both sides', async () => {
    call.track('PCMU', 8000, { mixed: true }).add(0, mulaw(tone(8000, 1, 440)));
    expect(await call.heard(0)).toEqual(await call.heard(1));
    expect((await call.heard(1)).some((sample) => sample > 9_000)).toBe(true);
  });
});

describe('playback of G.722', () => {
  it('matches ffmpeg, bit for bit, across all windows', async () => {
    const bytes = g722(
      sweep({ rate: 16_000, seconds: 10, fromHz: 80, toHz: 7_000, amplitude: 9_000 }),
    );
    call.track('G722', 8000).addAll(800, bytes, { samples: 160 });
    const pcm = await call.heard(0);
    const probe = await ffprobe(await call.wav());
    expect(probe).toMatchObject({ codec: 'pcm_s16le', channels: 2, sampleRate: 16_000 });
    expect(probe.durationMs).toBe(10_000);
    const from = ['-v', 'error', '-f', 'g722', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'];
    expect(pcm).toEqual(pcmOf(await runProgram('ffmpeg', from, Buffer.from(bytes))));
    await expectSlices(call, 30);
  });

  it('may follow G.711 within a track', async () => {
    const track = call.track('PCMU', 8000);
    track.addAll(0, mulaw(tone(8000, 1, 400)), { samples: 160 });
    track.writer.setCodec('G722');
    track.addAll(8000, g722(tone(16_000, 1, 400)), { samples: 160 });
    const pcm = await call.heard(0);
    expect(pcm.length).toBe(32_000);
    const clean = tone(16_000, 2, 400);
    expect(snrDb(clean.subarray(200, 15_800), pcm.subarray(200, 15_800))).toBeGreaterThan(30);
    // The encoder's filters delay by 22 samples.
    expect(snrDb(clean.subarray(16_200, 31_000), pcm.subarray(16_222))).toBeGreaterThan(30);
  });
});

describe('playback of Opus', () => {
  it('matches one decoder of all packets, wherever a listener begins', async () => {
    const packets = await opusPackets(
      sweep({ rate: 48_000, seconds: 10, fromHz: 100, toHz: 9_000, amplitude: 9_000 }),
    );
    const track = call.track('OPUS', 48_000);
    const decoder = await createDecoder({ channels: 1 });
    const expected = new Int16Array(packets.length * OPUS_FRAME);
    for (const [index, packet] of packets.entries()) {
      track.add(index * OPUS_FRAME, packet, OPUS_FRAME);
      expected.set(decoder.decode(packet), index * OPUS_FRAME);
    }
    decoder.free();
    const pcm = await call.heard(0);
    expect(pcm.length).toBe(expected.length);
    expect(snrDb(expected, pcm)).toBeGreaterThan(60);
    for (const seam of [192_000, 384_000]) {
      const around = [seam - 960, seam + 960] as const;
      expect(snrDb(expected.subarray(...around), pcm.subarray(...around))).toBeGreaterThan(50);
    }
    await expectSlices(call, 15);
  });

  it('stores a packet per run, and plays invalid packets as silence', async () => {
    const packets = await opusPackets(tone(48_000, 3, 440));
    const track = call.track('OPUS', 48_000);
    const broken = [70, 71, 72];
    for (const [index, packet] of packets.entries()) {
      // A code 3 packet (RFC 6716 section 3.2.5) of more padding than bytes.
      const sent = broken.includes(index) ? Uint8Array.of(0xff, 0x41, 0xff) : packet;
      track.add(index * OPUS_FRAME, sent, OPUS_FRAME);
    }
    const pcm = await call.heard(0);
    const from = 70 * OPUS_FRAME;
    expect(pcm.subarray(from, from + 3 * OPUS_FRAME).every((sample) => sample === 0)).toBe(true);
    const after = pcm.subarray(from + 6 * OPUS_FRAME);
    expect(Math.max(...after)).toBeGreaterThan(9_000);
    const [segment] = call.segments.filter(({ closedBy }) => closedBy !== null);
    const reader = segment && (await SegmentReader.open(unsealing(call), segment));
    const runs: number[] = [];
    for await (const { audio } of reader?.read({ start: 0, end: Infinity }) ?? []) {
      runs.push(audio.length);
    }
    await reader?.close();
    const sizes = packets.map(({ length }, index) => (broken.includes(index) ? 3 : length));
    expect(runs).toEqual(sizes);
  });

  it('any part of a recording plays without decoding all before it', async () => {
    const track = call.track('OPUS', 48_000);
    for (const [index, packet] of (await opusPackets(tone(48_000, 12, 440))).entries()) {
      track.add(index * OPUS_FRAME, packet, OPUS_FRAME);
    }
    const whole = await (await call.end()).wav();
    const file = join(
      call.recordingsDir,
      segmentFile({ callId: call.callId, track: 0, segment: 0 }),
    );
    const bytes = readFileSync(file);
    // The seal of the first chunk, whose length is in its header.
    const seal = bytes.readUInt32BE(4) - 1;
    bytes.writeUInt8(bytes.readUInt8(seal) ^ 1, seal);
    writeFileSync(file, bytes);
    const start = HEADER + 4 * 48_000 * 9;
    expect((await call.wav(start)).equals(whole.subarray(start))).toBe(true);
    // The damaged chunk is silence, in its place.
    const damaged = await call.wav();
    expect(damaged.length).toBe(whole.length);
    expect(damaged.subarray(HEADER, HEADER + 4_000).every((byte) => byte === 0)).toBe(true);
    expect(damaged.equals(whole)).toBe(false);
  });
});
