import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FRAME,
  FRAME_MS,
  play,
  range,
  type Scene,
  type SentFrame,
} from '../intake/virtual-path.ts';

const FRAMES = 600;
const AT = 200;
/** Where a stretch of silence is over that lasted so many frames. */
const SILENT = 250;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function record(scene: Partial<Scene>) {
  const outcome = await play({ frames: FRAMES, ...scene });
  folders.push(outcome.folder);
  return outcome;
}

/** From frame AT on the timestamps are `jump` units off. */
const shifted = (jump: number) => (frame: SentFrame) =>
  frame.index < AT ? frame : { ...frame, timestamp: (frame.timestamp + jump) >>> 0 };

/** The same within the first second of the time line. */
const shiftedSoon = (jump: number) => (frame: SentFrame) =>
  frame.index < 12 ? frame : { ...frame, timestamp: (frame.timestamp + jump) >>> 0 };

/** Nothing for a while, and then timestamps that count `counted` frames of it. */
const silent = (counted: number) => (frame: SentFrame) => {
  if (frame.index < AT) return frame;
  if (frame.index < AT + SILENT) return undefined;
  const sequence = frame.index - SILENT;
  return { ...frame, sequence, timestamp: ((sequence + counted) * FRAME) >>> 0 };
};

/** RFC 3550 lets a source choose where its timestamps and numbers begin: some choose twice. */
const clocks: [string, (frame: SentFrame) => SentFrame | undefined][] = [
  ['falls back by 3 s', shifted(-24_000)],
  ['falls back by 8 s', shifted(-64_000)],
  ['falls back by 20 s', shifted(-160_000)],
  ['falls back by 100 ms', shifted(-800)],
  ['leaps by 5 s', shifted(40_000)],
  ['leaps by 300 ms', shifted(2_400)],
  ['leaps by an hour', shifted(8_000 * 3_600)],
  ['leaps by 15 s soon', shiftedSoon(120_000)],
  ['leaps by 2 s soon', shiftedSoon(16_000)],
  ['falls back by 8 s soon', shiftedSoon(-64_000)],
  ['stands still in a silence of 5 s', silent(0)],
  ['counts half of a silence of 5 s', silent(SILENT / 2)],
  ['falls back in a silence of 5 s', silent(-100)],
  ['counts a silence of 5 s', silent(SILENT)],
  [
    'stands still for good',
    (frame) => ({ ...frame, timestamp: Math.min(frame.index, AT) * FRAME }),
  ],
  [
    'begins its numbers anew',
    (frame) => ({
      ...frame,
      sequence: frame.index < AT ? 40_000 + frame.index : frame.index - AT + 1,
    }),
  ],
  [
    'begins its numbers anew soon',
    (frame) => ({ ...frame, sequence: frame.index < 50 ? frame.index : frame.index - 49 }),
  ],
  [
    'jumps ahead in its numbers',
    (frame) => ({ ...frame, sequence: (frame.index + (frame.index < AT ? 0 : 30_000)) & 0xffff }),
  ],
  [
    'belongs to another source from then on',
    (frame) =>
      frame.index < AT
        ? frame
        : {
            ...frame,
            ssrc: 77,
            sequence: frame.index - AT,
            timestamp: frame.index * FRAME + 123_456_789,
          },
  ],
];

const paths: [string, (index: number) => number][] = [
  ['a still network', () => 10],
  ['a network of 30 to 70 ms', (index) => 30 + ((index * 7919) % 41)],
];

describe.each(paths)('over %s, a sender’s clock', (_, delay) => {
  it.each(clocks)('that %s moves no audio, loses none and covers none', async (_name, sender) => {
    const { kept, offsets, counts } = await record({ sender, delay });
    const sent = range(0, FRAMES).filter((index) => {
      const usual = { index, sentAtMs: 0, sequence: index, timestamp: index * FRAME, ssrc: 1 };
      return sender(usual) !== undefined;
    });
    expect(sent.filter((index) => !kept.has(index))).toEqual([]);
    expect(counts).toMatchObject({ received: sent.length, kept: sent.length, lost: 0 });
    const beside = [...offsets].filter(([, offset]) => Math.abs(offset) > 60);
    expect(beside).toEqual([]);
  });
});

describe('a source behind one that had seemed late', () => {
  it('covers nothing of it', async () => {
    const { kept, offsets } = await record({
      delay: (index) => (index < AT ? 240 : 25),
      sender: (frame) => (frame.index < AT + 10 ? frame : { ...frame, ssrc: 77 }),
    });
    expect(range(0, FRAMES).filter((index) => !kept.has(index))).toEqual([]);
    const places = range(0, FRAMES).map((index) => index * FRAME_MS + (offsets.get(index) ?? 0));
    const covered = range(1, FRAMES).filter(
      (index) => (places[index] ?? 0) - (places[index - 1] ?? 0) < FRAME_MS - 5,
    );
    expect(covered).toEqual([]);
  });
});

describe('a sender’s clock that leaps while packets wait for a decision', () => {
  const leap = (at: number) => (frame: SentFrame) =>
    frame.index < at ? frame : { ...frame, timestamp: (frame.timestamp + 120_000) >>> 0 };
  const placedFrom = (offsets: ReadonlyMap<number, number>, from: number): number[] =>
    range(from, FRAMES).filter((index) => Math.abs(offsets.get(index) ?? 1e9) > 60);

  it('moves nothing in the first half second of a source that begins at a Start', async () => {
    const { leaked, offsets } = await record({
      paused: [AT, AT + 50],
      sender: (frame) => {
        const leapt = leap(AT + 65)(frame);
        return frame.index < AT + 55 ? leapt : { ...leapt, ssrc: 77 };
      },
    });
    expect(leaked).toEqual([]);
    expect(placedFrom(offsets, AT + 55)).toEqual([]);
  });

  it('moves nothing while a backlog is worked off', async () => {
    const { kept, offsets } = await record({
      sender: leap(AT + 20),
      delay: (index) => (index >= AT && index < AT + 50 ? 1_000 - (index - AT) * 18 : 5),
    });
    expect(kept.size).toBe(FRAMES);
    expect(placedFrom(offsets, AT + 75)).toEqual([]);
  });
});

describe('a network', () => {
  it.each([
    [
      'stands still for 3 s and brings all at once',
      (index: number) => (index >= 200 && index < 350 ? (350 - index) * FRAME_MS : 5),
    ],
    [
      'stands still for 1 s and catches up slowly',
      (index: number) =>
        index >= 200 && index < 300 ? Math.max(5, 1_000 - (index - 200) * 12) : 5,
    ],
    ['brings bursts of 300 ms', (index: number) => 20 + (15 - (index % 15)) * FRAME_MS],
  ])('that %s moves nothing', async (_, delay) => {
    const { kept, offsets } = await record({ delay });
    expect(kept.size).toBe(FRAMES);
    expect([...offsets].filter(([, offset]) => Math.abs(offset) > 60)).toEqual([]);
  });
});
