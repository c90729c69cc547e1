import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { resealed } from '../damage/damage.ts';
import { l16, StoredCall } from '../stored-call.ts';

let call: StoredCall;
beforeEach(() => {
  call = new StoredCall();
});
afterEach(() => call.remove());

interface Stretch {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

async function stretchesOf(segment: SegmentRecord): Promise<Stretch[]> {
  const reader = await SegmentReader.open(unsealing(call), segment);
  const found: Stretch[] = [];
  for await (const { kind, position, samples, audio } of reader?.read({ start: -1, end: 1e9 }) ??
    []) {
    expect(kind === 'audio' ? audio.length > 0 : audio.length === 0).toBe(true);
    const last = found.at(-1);
    if (last?.kind === kind && last.end === position) found.pop();
    const start = last?.kind === kind && last.end === position ? last.start : position;
    found.push({ kind, start, end: position + samples });
  }
  await reader?.close();
  return found;
}

async function without(start: number, end: number): Promise<Stretch[] | undefined> {
  await call.end();
  const [next] = await resealed(call, { start, end });
  expect(next?.generation ?? 1).toBe(1);
  return next && stretchesOf(next);
}

describe('sealing a segment anew', () => {
  it.each([
    ['PCMU', 1],
    ['G722', 1],
    ['L16', 2],
  ] as const)('in %s is cut to the unit', async (codec, bytes) => {
    const track = call.track(codec, 8_000);
    const pcm = l16(Int16Array.from({ length: 24_000 }, (_, at) => (at % 199) + 1));
    track.addAll(0, pcm.subarray(0, 24_000 * bytes), { samples: 160, bytes: 160 * bytes });
    expect(await without(7_001, 16_003)).toEqual([
      { kind: 'audio', start: 0, end: 7_001 },
      { kind: 'erased', start: 7_001, end: 16_003 },
      { kind: 'audio', start: 16_003, end: 24_000 },
    ]);
  });

  it('of Opus removes whole packets, and those that may carry a copy of them', async () => {
    const track = call.track('OPUS', 48_000);
    for (let at = 0; at < 100; at += 1) track.add(at * 960, Uint8Array.of(8, at), 960);
    expect(await without(20 * 960 + 5, 40 * 960)).toEqual([
      { kind: 'audio', start: 0, end: 20 * 960 },
      { kind: 'erased', start: 20 * 960, end: 46 * 960 },
      { kind: 'audio', start: 46 * 960, end: 100 * 960 },
    ]);
  });

  it('of Opus removes its first packets if the interval ends just before them', async () => {
    const track = call.track('OPUS', 48_000);
    for (let at = 10; at < 30; at += 1) track.add(at * 960, Uint8Array.of(8, at), 960);
    expect(await without(0, 9 * 960)).toEqual([
      { kind: 'erased', start: 10 * 960, end: 15 * 960 },
      { kind: 'audio', start: 15 * 960, end: 30 * 960 },
    ]);
  });

  it('leaves a segment without audio of the interval alone', async () => {
    const track = call.track('PCMU', 8_000);
    track.add(0, new Uint8Array(160));
    expect(await without(160, 320)).toBeUndefined();
  });
});
