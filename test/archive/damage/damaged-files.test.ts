import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AudioFile } from '../../../src/archive/files/audio-files.ts';
import { withIndex } from '../../../src/archive/files/indexed-file.ts';
import { SealedLiveAudio } from '../../../src/archive/live/live-audio.ts';
import { Listeners } from '../../../src/archive/playback/listeners.ts';
import { findChunks } from '../../../src/archive/segment/segment-chunks.ts';
import { damageOf, examine } from '../../../src/archive/segment/segment-coverage.ts';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import type { TrackRecord } from '../../../src/domain/model/track.ts';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { seededRandom } from '../../../src/torture/random.ts';
import { channelOf, pcmOf } from '../../support/audio/tones.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { StoredCall } from '../stored-call.ts';
import { DamagedFile, resealed, rowsOf, runsOf } from './damage.ts';

let call: StoredCall;
beforeEach(async () => {
  call = new StoredCall();
  const track = call.track('PCMU', 8000);
  for (let at = 0; at < 64_000; at += 160) track.add(at, Buffer.alloc(160, 1 + (at % 97)));
  await call.end();
});
afterEach(() => call.remove());

const segment = (): SegmentRecord => rowsOf(call)[0] as SegmentRecord;

function memory(bytes: Buffer): AudioFile {
  const read = async (start: number, end: number) => bytes.subarray(start, end);
  return { size: bytes.length, read, close: async () => undefined };
}

async function uploaded(bytes: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of withIndex(memory(bytes))) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('the index of a segment file', () => {
  it('hides no intact chunk, wherever it or the file is damaged', async () => {
    const file = new DamagedFile(call, 0);
    const before = await runsOf(call);
    const indexed = await uploaded(file.bytes);
    expect(indexed.length).toBeGreaterThan(file.bytes.length);
    file.write(indexed);
    expect(await runsOf(call)).toEqual(before);
    const random = seededRandom(7);
    const inIndex = Array.from(
      { length: Math.floor((indexed.length - file.bytes.length) / 4) },
      (_, at) => indexed.length - file.bytes.length - 1 - at * 3,
    );
    const anywhere = Array.from({ length: 300 }, () => -Math.ceil(random() * file.bytes.length));
    for (const offset of [...inIndex, ...anywhere]) {
      const at = file.bytes.length + offset;
      const harmed = Buffer.from(indexed);
      harmed[at] = (harmed[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      file.write(harmed);
      const struck = file.chunks.find(({ start, end }) => at >= start && at < end)?.header.position;
      const whole = before.filter(({ position }) => position !== struck);
      expect([at, await runsOf(call)]).toEqual([at, whole]);
    }
  });

  it('is not appended to an incomplete file, except one cut at its end', async () => {
    const file = new DamagedFile(call, 0);
    const { start } = file.chunk(2);
    const harmed = Buffer.from(file.bytes).fill(0, start, start + 4);
    expect(await uploaded(harmed)).toEqual(harmed);
    const short = file.bytes.subarray(0, file.bytes.length - 5);
    expect((await uploaded(short)).length).toBeGreaterThan(short.length);
  });
});

describe('a file of false chunk headers', () => {
  it.each([
    ['magic alone', (file: DamagedFile) => Buffer.alloc(8_000_000, file.bytes.subarray(0, 4))],
    [
      'whole headers without their audio',
      (file: DamagedFile) => Buffer.alloc(4_000_000, file.bytes.subarray(0, 36)),
    ],
  ])('made of %s is given up', async (_, of) => {
    const bytes = of(new DamagedFile(call, 0));
    let opened = 0;
    const opens = (record: Buffer): boolean => {
      opened += record.length;
      return false;
    };
    const found = await findChunks(memory(bytes), { opens, deep: false });
    expect(found).toMatchObject({ chunks: [], damaged: [{ start: 0, end: bytes.length }] });
    expect(opened).toBeLessThan(3 * bytes.length + 8_000_000);
  });
});

describe('an erasure in a damaged segment', () => {
  it('erases the interval, and keeps losses within and beside it', async () => {
    const file = new DamagedFile(call, 0);
    const [hurt, whole] = [file.chunk(2), file.chunk(5)];
    const [lostFrom, lostEnd] = [hurt.header.position, file.chunk(3).header.position];
    file.flip(hurt.start + 100);
    const span = { start: lostFrom + 500, end: whole.header.position + 10 };
    const [next] = await resealed(call, span);
    if (!next) throw new Error('nothing was sealed anew');
    const found = await examine(unsealing(call), next, call.tracks[0] as TrackRecord);
    expect([found.lost, found.state]).toEqual([[], 'whole']);
    const of = (kind: string | null) => found.spans.filter(({ leftOut }) => leftOut === kind);
    expect(of('lost')).toEqual([{ start: lostFrom, end: lostEnd, leftOut: 'lost' }]);
    const sum = (kind: string | null) =>
      of(kind).reduce((units, { start, end }) => units + end - start, 0);
    expect(sum('erased')).toBe(span.end - lostEnd);
    expect(sum(null)).toBe(64_000 - (span.end - lostFrom));
    expect(lostEnd).toBeLessThan(span.end);
    const reader = await SegmentReader.open(unsealing(call), next, { deep: true });
    expect(reader && damageOf(reader.found, next)).toBeUndefined();
    await reader?.close();
  });

  it('destroys a segment with only damage in the interval: somebody might open it', async () => {
    const file = new DamagedFile(call, 0);
    const { start, header } = file.chunk(2);
    file.flip(start + 100);
    const span = { start: header.position + 10, end: header.position + 20 };
    expect(await resealed(call, span)).toMatchObject([{ generation: 1 }]);
  });
});

describe('the archive check', () => {
  it.each<[string, (file: DamagedFile) => void, RegExp]>([
    [
      'a chunk',
      (file) => file.flip(file.chunk(2).start + 100),
      /^chunk 2 is lost; bytes \d+ to \d+/,
    ],
    ['the last chunks', (file) => file.cut(file.chunk(-2).start), /^chunks \d+ to \d+ are lost$/],
    [
      'a part of one',
      (file) => file.cut(file.bytes.length - 3),
      /is lost; it ends within a chunk$/,
    ],
    [
      'what is too much',
      (file) => file.write(Buffer.concat([file.bytes, randomBytes(9)])),
      /^bytes/,
    ],
  ])('names %s', async (_, harm, words) => {
    harm(new DamagedFile(call, 0));
    const reader = await SegmentReader.open(unsealing(call), segment(), { deep: true });
    expect(reader && damageOf(reader.found, segment())).toMatch(words);
    await reader?.close();
  });
});

it('a call in progress plays on in place after a damaged chunk', async () => {
  const file = new DamagedFile(call, 0);
  const hurt = file.chunk(-3);
  file.flip(hurt.start + 17, 5);
  const store = {
    tracks: async () => call.tracks,
    segments: async () => call.segments.filter(({ closedBy }) => closedBy === null),
  };
  const live = new SealedLiveAudio({ ...unsealing(call), store, listeners: new Listeners() });
  const pieces: Buffer[] = [];
  for await (const piece of live.wav(call.callId, () => pieces.length < 2)) pieces.push(piece);
  const left = channelOf(pcmOf(Buffer.concat(pieces).subarray(WAV_HEADER_BYTES)), 0);
  // The newest second, up to the call's end and no further.
  expect(left.length).toBeLessThanOrEqual(8_000);
  expect(left.at(-1)).not.toBe(0);
});
