import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AudioRun, SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import { emptyRtpPacket } from '../../../src/protocols/rtp/packet.ts';
import { KEY_BYTES } from '../../../src/protocols/segment/key-wrap.ts';
import { MAX_RUNS, segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { CallClock, TrackClock } from '../../../src/recorder/clock/track-clock.ts';
import type { AudioBytes } from '../../../src/recorder/segment/open-chunk.ts';
import { SegmentWriter } from '../../../src/recorder/segment/segment-writer.ts';
import { markerFrame, markerNeedle } from '../../../src/simulator/marker-audio.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';

function whole(data: Buffer): AudioBytes {
  return { data, start: 0, end: data.length, samples: data.length };
}

const [FRAME, CHUNK_SAMPLES] = [160, 7200];
const everything = { start: -1e9, end: 1e9 };

describe('SegmentWriter', () => {
  const masterKey = randomBytes(KEY_BYTES);
  let recordingsDir = '';
  let callId = '';
  let segments: SegmentRecord[] = [];
  let failures: string[] = [];
  let writer: SegmentWriter;

  beforeEach(() => {
    recordingsDir = temporaryFolder();
    callId = randomUUID();
    mkdirSync(join(recordingsDir, callId));
    [segments, failures] = [[], []];
    writer = newWriter(false);
  });
  afterEach(() => rmSync(recordingsDir, { recursive: true, force: true }));

  function newWriter(suppressDtmf: boolean, lookbackMs = 0): SegmentWriter {
    const clock = new TrackClock(new CallClock(), 8000);
    clock.begin(emptyRtpPacket(), 1000);
    clock.hear(0, 1000);
    return new SegmentWriter(
      {
        ...{ callId, track: 1, codec: 'PCMU', chunkSamples: CHUNK_SAMPLES, masterKey },
        ...{ clockRate: 8000, suppressDtmf, commandCameAtMs: () => 0 },
        ...{ recordingsDir, maxUnwrittenBytes: 1_000_000, firstSegment: 0, lookbackMs },
        onSegment: (told) => {
          segments.push({ callId, track: 1, generation: 0, ...told });
        },
        onFailed: (code) => failures.push(code),
      },
      clock,
    );
  }

  function idle(): Promise<void> {
    return new Promise((resolve) => writer.whenIdle(resolve));
  }

  function frames(from: number, until: number): void {
    for (let index = from; index < until; index += 1) {
      writer.append(index * FRAME, whole(Buffer.from(markerFrame(1, index))), {
        ...{ sequence: index, arrivedAtMs: index * 20 },
      });
    }
  }

  async function runsOf(segment: number, key = masterKey): Promise<AudioRun[]> {
    const record = segments.findLast((other) => other.segment === segment);
    if (!record) throw new Error(`no segment ${segment}`);
    const reader = await SegmentReader.open(unsealing({ recordingsDir, masterKey: key }), record);
    const runs: AudioRun[] = [];
    for await (const run of reader?.read(everything) ?? []) runs.push(run);
    await reader?.close();
    return runs;
  }

  function fileOf(segment: number): string {
    return join(recordingsDir, segmentFile({ callId, track: 1, segment }));
  }

  it('counts an erased packet that two chunks share once', () => {
    writer = newWriter(true, 10_000);
    frames(0, 200);
    expect([100 * 20, 0, 0].map((cutMs) => writer.erase(cutMs))).toEqual([100, 100, 0]);
  });

  it('restores the appended audio, and writes no plain audio to the file', async () => {
    frames(0, 200);
    writer.closeSegment('api');
    await idle();
    const runs = await runsOf(0);
    expect(runs[0]?.position).toBe(0);
    const expected = Array.from({ length: 200 }, (_, index) => markerFrame(1, index));
    expect(Buffer.concat(runs.map(({ audio }) => audio))).toEqual(Buffer.concat(expected));
    const bytes = readFileSync(fileOf(0));
    for (let index = 0; index < 200; index += 1) {
      expect(bytes.includes(markerNeedle(1, index))).toBe(false);
    }
    expect(failures).toEqual([]);
  });

  it.each([80, 160, 200, 240, 2000])(
    'fills no chunk past its length with %i samples a packet',
    async (samples) => {
      for (let index = 0; index < 60; index += 1) {
        writer.append(index * samples, whole(Buffer.alloc(samples, index)), {
          ...{ sequence: index, arrivedAtMs: index },
        });
      }
      writer.closeSegment('end');
      await idle();
      const runs = await runsOf(0);
      expect(Math.max(...runs.map(({ audio }) => audio.length))).toBeLessThanOrEqual(CHUNK_SAMPLES);
      expect(runs.reduce((sum, { audio }) => sum + audio.length, 0)).toBe(60 * samples);
    },
  );

  it('seals a chunk without further frames once its time is over', async () => {
    frames(0, 5);
    writer.sealOlderThan(0);
    expect(segments).toHaveLength(1);
    writer.sealOlderThan(1);
    writer.closeSegment('api');
    await idle();
    expect(await runsOf(0)).toHaveLength(1);
  });

  it('keeps gaps within a chunk, late packets and more runs than a chunk has room for', async () => {
    const order = [10, 11, 14, 9, 20].concat(Array.from({ length: 80 }, (_, at) => 30 + at * 2));
    for (const index of order) {
      writer.append(index * 10, whole(Buffer.from(markerFrame(1, index).subarray(0, 10))), {
        ...{ sequence: index, arrivedAtMs: 0 },
      });
    }
    writer.closeSegment('end');
    await idle();
    const runs = await runsOf(0);
    const chunks = Math.ceil((order.length - 1) / MAX_RUNS);
    expect(runs.length).toBeGreaterThanOrEqual(order.length - chunks);
    const found = runs.flatMap(({ position, audio }) =>
      Array.from({ length: audio.length / 10 }, (_, at) => position / 10 + at),
    );
    expect(found).toEqual(order);
  });

  it('begins a new segment under another key after each close', async () => {
    frames(0, 3);
    writer.closeSegment('api');
    writer.closeSegment('stop');
    frames(3, 6);
    writer.closeSegment('end');
    await idle();
    const closed = segments
      .filter(({ closedBy }) => closedBy !== null)
      .sort((a, b) => a.segment - b.segment);
    expect(closed.map(({ segment, closedBy }) => [segment, closedBy])).toEqual([
      [0, 'api'],
      [1, 'end'],
    ]);
    const [first, second] = closed;
    expect(first?.wrappedKey).not.toEqual(second?.wrappedKey);
    expect((await runsOf(1))[0]?.position).toBe(3 * FRAME);
    const swapped = { ...(second as SegmentRecord), wrappedKey: first?.wrappedKey ?? null };
    const opened = SegmentReader.open(unsealing({ recordingsDir, masterKey }), swapped);
    await expect(opened).rejects.toThrow();
  });

  it('reports a segment before its first frame can be on the disk', () => {
    frames(0, 1);
    expect(segments).toEqual([expect.objectContaining({ segment: 0, closedBy: null })]);
  });

  async function spansOf(segment: number) {
    const record = segments.findLast((other) => other.segment === segment);
    const reader =
      record && (await SegmentReader.open(unsealing({ recordingsDir, masterKey }), record));
    await reader?.close();
    return reader?.spans ?? [];
  }

  it('leaves out audio where a chunk is cut to wait for the rest of a tone', async () => {
    writer = newWriter(true);
    frames(0, 45);
    writer.leaveOut('dtmf', 44 * FRAME, FRAME, 900);
    frames(45, 50);
    writer.closeSegment('end');
    await idle();
    const spans = await spansOf(0);
    const overlapping = spans.filter(({ start, end }) => start < 45 * FRAME && end > 44 * FRAME);
    expect(overlapping.map(({ leftOut }) => leftOut)).toEqual(overlapping.map(() => 'dtmf'));
    const leftOut = overlapping.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(leftOut).toBe(FRAME);
    const kept = spans.filter((span) => span.leftOut === null);
    expect(kept.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(49 * FRAME);
  });

  it('stays readable with any number of stretches left out', async () => {
    for (let index = 0; index < 1_000; index += 1) {
      writer.leaveOut(index % 2 === 0 ? 'dtmf' : 'silence', index * 20, 10, 0);
    }
    frames(200, 210);
    writer.closeSegment('end');
    await idle();
    const spans = await spansOf(0);
    expect(spans.filter(({ leftOut }) => leftOut !== null)).toHaveLength(1_000);
    expect(spans.some(({ leftOut }) => leftOut === null)).toBe(true);
  });

  it('holds one codec per chunk', async () => {
    frames(0, 2);
    writer.setCodec('PCMA');
    writer.setCodec('PCMA');
    frames(2, 4);
    writer.closeSegment('end');
    await idle();
    const runs = await runsOf(0);
    expect(runs.map(({ codec, position }) => [codec, position])).toEqual([
      ['PCMU', 0],
      ['PCMA', 2 * FRAME],
    ]);
  });

  it('loses only the record that a crash tore', async () => {
    frames(0, 3 * 45);
    writer.closeSegment('end');
    await idle();
    const whole = await runsOf(0);
    truncateSync(fileOf(0), readFileSync(fileOf(0)).length - 1);
    expect(await runsOf(0)).toEqual(whole.slice(0, -1));
  });

  it('is readable under its own master key only', async () => {
    frames(0, 3);
    writer.closeSegment('end');
    await idle();
    await expect(runsOf(0, randomBytes(KEY_BYTES))).rejects.toThrow();
  });

  it('reports the failure when the folder is gone, and becomes idle all the same', async () => {
    rmSync(recordingsDir, { recursive: true });
    frames(0, 100);
    writer.closeSegment('end');
    await idle();
    expect(failures).toEqual(['ENOENT']);
  });
});
