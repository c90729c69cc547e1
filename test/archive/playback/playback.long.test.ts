import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { ffmpegSamples, ffprobe } from '../../support/audio/ffprobe.ts';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;

interface Gap {
  readonly startSample: number;
  readonly samples: number;
  readonly reason: string;
}

describe('the WAV of a recorded call', () => {
  let hush: TestHush;
  let caller: TestCaller;
  beforeAll(async () => {
    hush = await TestHush.start();
    caller = await TestCaller.open();
  });
  afterAll(async () => {
    await caller.close();
    await hush.remove();
  });

  async function recordingOf(correlationId: string) {
    await hush.settled(correlationId);
    const recording = await hush.get(`/api/recordings/${correlationId}`);
    return { recording, wav: await hush.audio(recording.id) };
  }

  /** True when all samples of the channel in the gap are zero. */
  function isSilent(wav: Buffer, channel: number, { startSample, samples }: Gap): boolean {
    for (let at = startSample; at < startSample + samples; at += 1) {
      if (wav.readInt16LE(WAV_HEADER_BYTES + at * 4 + channel * 2) !== 0) return false;
    }
    return true;
  }

  it('is as long as the call, to ffprobe, and both channels share one clock', async () => {
    const { call, correlationId, streams, frames } = await caller.call(hush);
    await frames(100);
    await call.end();
    const { recording, wav } = await recordingOf(correlationId);
    const probe = await ffprobe(wav);
    expect(probe).toMatchObject({
      format: 'wav',
      codec: 'pcm_s16le',
      channels: 2,
      sampleRate: 8000,
    });
    const times = streams.flatMap(({ sent }) => sent.map(({ sentAtMs }) => sentAtMs));
    const sentMs = Math.max(...times) - Math.min(...times) + FRAME_MS;
    expect(Math.abs(probe.durationMs - sentMs)).toBeLessThanOrEqual(FRAME_MS);
    expect(Math.abs(probe.durationMs - recording.lengthMs)).toBeLessThanOrEqual(1);
    expect(await ffmpegSamples(wav)).toEqual(wav.subarray(WAV_HEADER_BYTES));
    const [left, right] = markersInWav(wav);
    const [agentFrames, callerFrames] = [
      left?.get(streams[0]?.tag ?? 0),
      right?.get(streams[1]?.tag ?? 0),
    ];
    for (const { index } of streams[0]?.sent.slice(0, 98) ?? []) {
      const apart = (agentFrames?.get(index) ?? 1e9) - (callerFrames?.get(index) ?? 0);
      expect(Math.abs(apart)).toBeLessThanOrEqual(FRAME_SAMPLES);
    }
    expect(left?.size).toBe(1);
    expect(right?.size).toBe(1);
  });

  longTest('plays a pause as silence and keeps its length', async () => {
    const { call, correlationId, streams, frames } = await caller.call(hush);
    await frames(30);
    await hush.command('Pause', correlationId);
    await frames(60);
    await hush.command('Start', correlationId);
    await frames(90);
    await call.end();
    const { recording, wav } = await recordingOf(correlationId);
    const sent = Math.max(...streams.map((stream) => stream.sent.length));
    expect(Math.abs((await ffprobe(wav)).durationMs - sent * FRAME_MS)).toBeLessThanOrEqual(
      FRAME_MS,
    );
    for (const [channel, track] of recording.tracks.entries()) {
      const gaps = track.gaps as Gap[];
      // A thread that reads late leaves out the guard interval with the pause.
      const reasons = gaps.map(({ reason }) => reason);
      expect(reasons.filter((reason) => reason !== 'guard')).toEqual(['api']);
      const absent = gaps.reduce((sum, { samples }) => sum + samples, 0);
      // Both halves of a gap are rounded to whole samples.
      expect(Math.abs(absent - track.packets.gated * FRAME_SAMPLES)).toBeLessThanOrEqual(16);
      expect(gaps.every((gap) => isSilent(wav, channel, gap))).toBe(true);
    }
  });

  longTest(
    'plays lost packets as silence in one channel, and distinguishes them from a silent client',
    async () => {
      const correlationId = randomUUID();
      const lost = new Set([20, 21, 39]);
      const isLost = (packet: Buffer) => lost.has(packet.readUInt16BE(2));
      const ended = Promise.withResolvers<void>();
      const call = await caller.client.placeCall({
        peer: hush.peer,
        requestUri: `sip:${ucc}@127.0.0.1`,
        headers: [{ name: 'X-Correlation-Id', value: correlationId }],
        codec: 'PCMA',
        participants: [900, 901].map((tag, side) => ({
          aor: side === 0 ? agent : 'tel:+31880000000',
          source: (index) => (side === 1 && index === 30 ? undefined : markerFrame(tag, index)),
          impair: (packet, send) => (side === 1 && isLost(packet) ? undefined : send(packet)),
          onSent: (index) => index === 60 && side === 1 && ended.resolve(),
        })),
      });
      await ended.promise;
      await call.end();
      const { recording, wav } = await recordingOf(correlationId);
      const [whole, torn] = recording.tracks.map((track: { gaps: Gap[] }) => track.gaps);
      expect(whole).toEqual([]);
      expect(torn.map(({ samples, reason }: Gap) => [samples, reason])).toEqual([
        [2 * FRAME_SAMPLES, 'loss'],
        [FRAME_SAMPLES, 'silence'],
        [FRAME_SAMPLES, 'loss'],
      ]);
      expect(torn.every((gap: Gap) => isSilent(wav, 1, gap))).toBe(true);
      expect(torn.some((gap: Gap) => isSilent(wav, 0, gap))).toBe(false);
      expect(recording.tracks[0].codec).toBe('PCMA');
    },
  );

  it('answers byte ranges with slices of the whole', async () => {
    const { call, correlationId, frames } = await caller.call(hush);
    await frames(250);
    await call.end();
    const { recording, wav } = await recordingOf(correlationId);
    const { length } = wav;
    const edges = [0, 1, 43, 44, 45, 47, 48, 128_043, 128_044, 128_046, length - 2, length - 1];
    const random = Array.from({ length: 40 }, () => Math.floor(Math.random() * length));
    const url = `${hush.api}/api/recordings/${recording.id}/audio`;
    for (const [index, start] of [...edges, ...random].entries()) {
      const more = [0, 1, 3, 500, 70_000][index % 5] ?? 0;
      const last = Math.min(length - 1, start + more);
      const response = await fetch(url, { headers: { Range: `bytes=${start}-${last}` } });
      expect(response.status).toBe(206);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.equals(wav.subarray(start, last + 1)), `${start}-${last}`).toBe(true);
    }
  });
});
