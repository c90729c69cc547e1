import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealedArchive } from '../../../src/archive/archive.ts';
import { ExportsBusyError } from '../../../src/domain/model/errors.ts';
import type { ExportFormat } from '../../../src/domain/ports/archive.ts';
import { segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { ffmpegSamples, ffprobe } from '../../support/audio/ffprobe.ts';
import { channelOf, pcmOf, snrDb, tone } from '../../support/audio/tones.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { few, longTest } from '../../support/length.ts';
import { g722, l16, mulaw, OPUS_FRAME, opusPackets, StoredCall } from '../stored-call.ts';

const agent = { role: 'agent' } as const;

let call: StoredCall;
let store: SqlStore;
let archive: SealedArchive;
beforeEach(async () => {
  call = new StoredCall();
  store = await SqlStore.open(openSqlite(join(call.recordingsDir, 'hush.sqlite')));
  archive = call.archive(store, 2);
});
afterEach(async () => {
  await archive.close();
  await store.close();
  call.remove();
});

async function ended(): Promise<void> {
  await call.end();
  await store.commit({ tracks: call.tracks, segments: call.segments });
}

async function exported(format: ExportFormat): Promise<Buffer> {
  const audio = await archive.export(call.callId, format);
  const pieces: Uint8Array[] = [];
  for await (const piece of audio.bytes()) pieces.push(piece);
  await audio.close();
  return Buffer.concat(pieces);
}

/** 440 Hz at the left, 660 Hz at the right; nothing from 3 to 6 s of 9.3 s. */
async function recordTones(): Promise<void> {
  const phone = call.track('PCMU', 8000, agent);
  const wide = call.track('OPUS', 48_000);
  const codes = mulaw(tone(8000, 10, 440));
  const packets = await opusPackets(tone(48_000, 10, 660));
  for (let index = 0; index < 465; index += 1) {
    if (index === 150) phone.pause('api');
    if (index >= 150 && index < 300) continue;
    phone.add(index * 160, codes.subarray(index * 160, (index + 1) * 160));
    wide.add(index * OPUS_FRAME, packets[index] as Uint8Array, OPUS_FRAME);
  }
  await ended();
}

async function recordPhone(seconds: number): Promise<void> {
  call.track('PCMU', 8000).addAll(0, mulaw(tone(8000, seconds, 440)), { samples: 160 });
  await ended();
}

describe('an export', () => {
  it('as FLAC has the samples of the WAV', async () => {
    await recordTones();
    const flac = await exported('flac');
    const probe = await ffprobe(flac);
    expect(probe).toMatchObject({ format: 'flac', codec: 'flac', channels: 2, sampleRate: 48_000 });
    expect(probe.durationMs).toBeCloseTo(9_300, 3);
    const wav = await call.wav();
    expect((await ffmpegSamples(flac)).equals(wav.subarray(WAV_HEADER_BYTES))).toBe(true);
    const gap = pcmOf(wav.subarray(WAV_HEADER_BYTES)).subarray(2 * 144_000, 2 * 288_000);
    expect(gap.every((sample) => sample === 0)).toBe(true);
  });

  longTest('as FLAC of a telephone call has its rate', async () => {
    await recordPhone(5);
    const flac = await exported('flac');
    expect(await ffprobe(flac)).toMatchObject({ sampleRate: 8000, durationMs: 5_000 });
    const samples = (await call.wav()).subarray(WAV_HEADER_BYTES);
    expect((await ffmpegSamples(flac)).equals(samples)).toBe(true);
  });

  it('as Opus sounds alike, has the same length, and is silent in a gap', async () => {
    await recordTones();
    const opus = await exported('opus');
    const probe = await ffprobe(opus);
    expect(probe).toMatchObject({ format: 'ogg', codec: 'opus', channels: 2, sampleRate: 48_000 });
    const heard = pcmOf(await ffmpegSamples(opus));
    const kept = pcmOf((await call.wav()).subarray(WAV_HEADER_BYTES));
    expect(heard.length).toBe(kept.length);
    for (const channel of [0, 1]) {
      const [sent, came] = [channelOf(kept, channel), channelOf(heard, channel)];
      for (const [from, until] of [
        [5_000, 140_000],
        [293_000, 440_000],
      ] as const) {
        expect(snrDb(sent.subarray(from, until), came.subarray(from, until))).toBeGreaterThan(15);
      }
      // Below -80 dB of full scale, except for the blur of a 20 ms frame, and the encoder's filter
      // against direct current, which takes 200 ms to settle.
      const gap = came.subarray(144_000 + 10 * OPUS_FRAME, 288_000 - OPUS_FRAME);
      expect(
        gap.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0),
      ).toBeLessThanOrEqual(3);
    }
    expect(opus.length * 8).toBeLessThan(9.3 * 64_000);
  });

  it.each(
    few(
      [
        ['PCMU', 8_000],
        ['G722', 16_000],
        ['L16', 44_100],
      ] as const,
      1,
    ),
  )('as Opus of a call in %s is heard at its time', async (codec, rate) => {
    const pcm = tone(rate, 5, 440);
    const track = call.track(codec, codec === 'G722' ? 8_000 : rate);
    if (codec === 'L16') track.addAll(0, l16(pcm), { samples: rate / 100, bytes: rate / 50 });
    else track.addAll(0, codec === 'PCMU' ? mulaw(pcm) : g722(pcm), { samples: 160 });
    await ended();
    const heard = channelOf(pcmOf(await ffmpegSamples(await exported('opus'))), 0);
    expect(heard.length).toBe(5 * 48_000);
    // The G.722 encoder delays by 22 of its samples.
    const late = codec === 'G722' ? 66 : 0;
    const sent = tone(48_000, 5, 440).subarray(2_000, 230_000);
    expect(snrDb(sent, heard.subarray(2_000 + late))).toBeGreaterThan(15);
  });

  longTest('of a call of one packet is as short', async () => {
    call.track('PCMU', 8000).add(0, mulaw(tone(8000, 1, 440)).subarray(0, 160));
    await ended();
    expect((await ffmpegSamples(await exported('opus'))).length).toBe(960 * 4);
    expect((await ffmpegSamples(await exported('flac'))).length).toBe(160 * 4);
  });
});

describe('exports', () => {
  longTest('are made no faster than they are taken', async () => {
    await recordPhone(120);
    const slow = await archive.export(call.callId, 'flac');
    const taken = slow.bytes()[Symbol.asyncIterator]();
    const pieces: Uint8Array[] = [];
    const take = async (): Promise<boolean> => {
      const { done, value } = await taken.next();
      if (!done) pieces.push(value);
      return !done;
    };
    expect(await take()).toBe(true);
    // While the whole file is made, the slow one makes no progress.
    const whole = await ffmpegSamples(await exported('flac'));
    const file = join(
      call.recordingsDir,
      segmentFile({ callId: call.callId, track: 0, segment: 0 }),
    );
    const bytes = readFileSync(file);
    bytes.fill(0, bytes.length / 2, bytes.length / 2 + 20_000);
    writeFileSync(file, bytes);
    while (await take());
    expect(pieces.length).toBeGreaterThan(10);
    await slow.close();
    // Audio damaged meanwhile is silence of its length, and all the rest is unchanged.
    const heard = await ffmpegSamples(Buffer.concat(pieces));
    expect(heard.length).toBe(whole.length);
    const changed = Array.from(heard.entries()).filter(([at, byte]) => byte !== whole[at]);
    const [first = 0, last = 0] = [changed.at(0)?.[0], changed.at(-1)?.[0]];
    expect(heard.subarray(first & ~3, last).every((byte) => byte === 0)).toBe(true);
    // Of two channels, 16 bits: at least the two and a half seconds that were overwritten.
    expect(last - first).toBeGreaterThan(2.4 * 8_000 * 4);
    expect(last - first).toBeLessThan(5 * 8_000 * 4);
  });

  it('are limited in number', async () => {
    await recordPhone(60);
    const [one, two] = [
      await archive.export(call.callId, 'opus'),
      await archive.export(call.callId, 'flac'),
    ];
    await expect(archive.export(call.callId, 'flac')).rejects.toThrow(ExportsBusyError);
    await one.close();
    await one.close();
    const three = await archive.export(call.callId, 'flac');
    await Promise.all([two.close(), three.close()]);
  });

  longTest('are for one caller at most half of them, rounded up', async () => {
    const three = call.archive(store, 3);
    await recordPhone(60);
    const own = [
      await three.export(call.callId, 'opus', 'a'),
      await three.export(call.callId, 'opus', 'a'),
    ];
    await expect(three.export(call.callId, 'opus', 'a')).rejects.toThrow(ExportsBusyError);
    const other = await three.export(call.callId, 'opus', 'b');
    await own[0]?.close();
    const again = await three.export(call.callId, 'opus', 'a');
    await Promise.all([own[1]?.close(), other.close(), again.close()]);
    await three.close();
  });

  it('end with the archive, and report that they are incomplete', async () => {
    await recordPhone(60);
    const audio = await archive.export(call.callId, 'flac');
    const taken = audio.bytes()[Symbol.asyncIterator]();
    await taken.next();
    await archive.close();
    await expect(taken.next()).rejects.toThrow('the archive was closed');
    expect(existsSync(call.recordingsDir)).toBe(true);
  });

  it('fail when the audio cannot be opened', async () => {
    await recordPhone(1);
    const { recordingsDir } = call;
    const other = new SealedArchive({
      ...unsealing({ recordingsDir, masterKey: Buffer.alloc(32, 1) }),
      filesSettings: { recordingsDir },
      store,
      keeping: store.keeping,
      maxExports: 1,
    });
    for (const _ of [1, 2]) {
      await expect(other.export(call.callId, 'opus')).rejects.toThrow(
        /which this Hush does not have/,
      );
    }
  });
});
