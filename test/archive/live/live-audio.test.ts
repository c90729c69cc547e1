import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AudioFiles } from '../../../src/archive/files/audio-files.ts';
import { SealedLiveAudio } from '../../../src/archive/live/live-audio.ts';
import { Listeners } from '../../../src/archive/playback/listeners.ts';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { channelOf, pcmOf, tone } from '../../support/audio/tones.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { g722, l16, mulaw, OPUS_FRAME, opusPackets, StoredCall } from '../stored-call.ts';

let call: StoredCall;
let listeners: Listeners;
beforeEach(() => {
  call = new StoredCall();
  listeners = new Listeners();
});
afterEach(() => call.remove());

function live(change: (files: AudioFiles) => AudioFiles = (files) => files): SealedLiveAudio {
  const { files, keys } = unsealing(call);
  const store = {
    tracks: async () => call.tracks,
    // Rows as the store has them while the call is in progress.
    segments: async () => call.segments.filter(({ closedBy }) => closedBy === null),
  };
  return new SealedLiveAudio({ files: change(files), keys, store, listeners });
}

/** Listens to a call, which ends once `enough` was heard. */
async function listened(audio: SealedLiveAudio, enough: (wav: Buffer) => boolean): Promise<Buffer> {
  let wav: Buffer = Buffer.alloc(0);
  for await (const piece of audio.wav(call.callId, () => !enough(wav))) {
    wav = Buffer.concat([wav, piece]);
  }
  return wav;
}

/** Resolves once audio is on the disk: the file of a segment is opened in the background. */
async function written(): Promise<void> {
  const folder = join(call.recordingsDir, call.callId);
  const sizes = () => readdirSync(folder).map((file) => statSync(join(folder, file)).size);
  await expect.poll(() => Math.max(0, ...sizes())).toBeGreaterThan(0);
}

function loudness(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
}

describe('a call in progress', () => {
  const seconds = 4;
  test.each([
    ['PCMU', 8_000, 8_000],
    ['G722', 8_000, 16_000],
    ['L16', 16_000, 16_000],
    ['OPUS', 48_000, 48_000],
  ] as const)(
    'in %s is heard at its rate, from about a second ago on',
    async (codec, clock, rate) => {
      const track = call.track(codec, clock);
      const pcm = tone(rate, seconds, 440);
      if (codec === 'OPUS') {
        for (const [index, packet] of (await opusPackets(pcm)).entries()) {
          track.add(index * OPUS_FRAME, packet, OPUS_FRAME);
        }
      } else {
        const encoded = { PCMU: mulaw, G722: g722, L16: l16 }[codec](pcm);
        track.addAll(0, encoded, { samples: clock / 50, bytes: encoded.length / seconds / 50 });
      }
      track.writer.seal();
      await written();
      const wav = await listened(live(), (heard) => heard.length > WAV_HEADER_BYTES);
      expect(wav.readUInt32LE(24)).toBe(rate);
      const [left, right] = [0, 1].map((side) =>
        channelOf(pcmOf(wav.subarray(WAV_HEADER_BYTES)), side),
      );
      expect(left?.length).toBeGreaterThan(rate * 0.9);
      expect(left?.length).toBeLessThan(rate * 2);
      expect(loudness(left ?? new Int16Array())).toBeGreaterThan(1_000);
      expect(right?.every((sample) => sample === 0)).toBe(true);
    },
  );

  test('is heard as it grows, each moment once, and not while it is paused', async () => {
    const track = call.track('PCMU', 8_000);
    const size = { samples: 160 };
    track.addAll(0, mulaw(tone(8_000, 2, 440)), size);
    track.writer.seal();
    await written();
    let rounds = 0;
    const wav = await listened(live(), ({ length }) => {
      rounds += 1;
      if (rounds === 2) {
        track.pause('api');
        // Audio of ten seconds later: a listener does not wait for the gap.
        track.addAll(80_000, mulaw(tone(8_000, 1, 440)), size);
        track.writer.seal();
      }
      return length > WAV_HEADER_BYTES + 4 * 8_000 * 1.9;
    });
    const frames = (wav.length - WAV_HEADER_BYTES) / 4;
    expect(frames).toBeGreaterThan(8_000 * 1.9);
    expect(frames).toBeLessThan(8_000 * 2.1);
    const left = channelOf(pcmOf(wav.subarray(WAV_HEADER_BYTES)), 0);
    const quiet = left.filter((sample) => Math.abs(sample) < 4).length;
    expect(quiet / left.length).toBeLessThan(0.1);
  });

  test('is heard without the gap that a listener finds between two parts', async () => {
    const track = call.track('PCMU', 8_000);
    const size = { samples: 160 };
    let rounds = 0;
    const wav = await listened(live(), ({ length }) => {
      rounds += 1;
      if (rounds === 2) {
        // The listener came before any audio, and finds both parts at a later look.
        track.addAll(0, mulaw(tone(8_000, 2, 440)), size);
        track.pause('api');
        track.addAll(64_000, mulaw(tone(8_000, 1, 440)), size);
        track.writer.seal();
      }
      return length > WAV_HEADER_BYTES + 4 * 8_000 * 2.9;
    });
    const left = channelOf(pcmOf(wav.subarray(WAV_HEADER_BYTES)), 0);
    expect(left.length).toBeLessThan(8_000 * 3.1);
    const quiet = left.filter((sample) => Math.abs(sample) < 4).length;
    expect(quiet / left.length).toBeLessThan(0.1);
  });

  test('is not heard if it is destroyed while it is read', async () => {
    const track = call.track('PCMU', 8_000);
    track.addAll(0, mulaw(tone(8_000, 2, 440)), { samples: 160 });
    track.writer.seal();
    let isDestroyed = false;
    const audio = live((files) => ({
      write: files.write,
      sync: files.sync,
      remove: files.remove,
      list: files.list,
      removeFolder: files.removeFolder,
      isEmpty: files.isEmpty,
      sweepUnfinished: files.sweepUnfinished,
      open: async (path) => {
        const file = await files.open(path);
        return (
          file && {
            size: file.size,
            close: () => file.close(),
            // Opened, and about to be decoded.
            read: async (start, end) => {
              const bytes = await file.read(start, end);
              if (end - start > 2_000 && end <= file.size && start > 0) {
                isDestroyed = true;
                await listeners.interrupt(call.callId);
              }
              return bytes;
            },
          }
        );
      },
    }));
    const wav = await listened(audio, () => isDestroyed);
    expect(isDestroyed).toBe(true);
    expect(wav.length).toBe(WAV_HEADER_BYTES);
  });
});
