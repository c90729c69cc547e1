import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FRAME,
  FRAME_MS,
  play,
  range,
  type Scene,
  type SentFrame,
} from '../intake/virtual-path.ts';

const [PAUSE, START, END] = [150, 250, 400];
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function paused(scene: Partial<Scene>) {
  const outcome = await play({ frames: END, paused: [PAUSE, START], guardMs: 250, ...scene });
  folders.push(outcome.folder);
  return outcome;
}

/** Its clock counted nothing of the silence. */
function behind(frame: SentFrame): SentFrame {
  const sequence = frame.index - (START - 3 - PAUSE - 10);
  return { ...frame, sequence, timestamp: sequence * FRAME };
}

/** Frames behind the Start that the guard may leave out, and one more for the marker. */
const GUARD_FRAMES = Math.ceil(250 / FRAME_MS) + 1;

describe('what was sent in a pause is not kept, however late it comes', () => {
  const paths: [string, (index: number) => number | undefined][] = [
    ['over a network without delay', () => 0],
    ['30 to 70 ms late', (index) => 30 + ((index * 7919) % 41)],
    ['200 ms late', () => 200],
    ['in bursts of 300 ms', (index) => 20 + (15 - (index % 15)) * FRAME_MS],
    ['overtaken by others', (index) => (index >= 245 && index < 248 ? 160 : 10)],
    ['when the path becomes slower by 180 ms in the pause', (index) => (index < 200 ? 20 : 200)],
    ['when the path becomes slower by 700 ms in the pause', (index) => (index < 200 ? 20 : 720)],
    [
      'when the path became slower by 700 ms long before the Start',
      (index) => (index < 160 ? 20 : 720),
    ],
    ['when the path becomes faster in the pause', (index) => (index < 200 ? 240 : 20)],
    ['3 s late, one by one', (index) => (index >= 170 && index < 180 ? 3_000 : 20)],
    [
      '3 s late, one close behind the other',
      (index) => (index >= 170 && index < 180 ? 3_000 - (index - 170) * FRAME_MS : 20),
    ],
    ['where half of it is lost', (index) => (index % 2 ? undefined : 60)],
    [
      'where the whole pause comes at once behind the Start',
      (index) => (index >= PAUSE && index < START ? (START - index) * FRAME_MS + 5 : 10),
    ],
  ];

  it.each(paths)('%s', async (_, delay) => {
    const { leaked, kept } = await paused({ delay });
    expect(leaked).toEqual([]);
    const due = range(START + 5 * GUARD_FRAMES, END).filter((index) => delay(index) !== undefined);
    expect(due.filter((index) => !kept.has(index))).toEqual([]);
    const before = range(0, PAUSE - 40).filter((index) => delay(index) !== undefined);
    expect(before.filter((index) => !kept.has(index))).toEqual([]);
  });

  it('is left out by the guard, for as long as a slower path makes it last', async () => {
    const slowerMs = 700;
    const delay = (index: number) => (index < 160 ? 20 : 20 + slowerMs);
    const { reasonChanges, kept } = await paused({ delay });
    const first = Math.min(...[...kept].filter((index) => index > START));
    const came = first * FRAME + (slowerMs * FRAME) / FRAME_MS;
    const silent = reasonChanges.find(({ reason }) => reason === 'silence');
    expect(silent?.position).toBeGreaterThanOrEqual(came - 2 * FRAME);
  });

  it('is followed by a loss where packets behind the guard never came', async () => {
    const isLost = (index: number) => index >= START + 5 && index < START + 60;
    const { reasonChanges } = await paused({ delay: (index) => (isLost(index) ? undefined : 20) });
    expect(reasonChanges.map(({ reason }) => reason)).toEqual(['guard', 'loss']);
  });

  /** What tells when a frame was sent is read when the thread is back, and not before. */
  const newcomers: [string, Scene['sender'] & object][] = [
    [
      'of a client whose clock stood still in the pause',
      (frame) => {
        if (frame.index < PAUSE + 10) return frame;
        return frame.index < START - 3 ? undefined : behind(frame);
      },
    ],
    [
      'of a source that begins just before the Start',
      (frame) => {
        if (frame.index >= PAUSE && frame.index < START - 5) return undefined;
        return frame.index < PAUSE ? frame : { ...frame, ssrc: 2, sequence: frame.index };
      },
    ],
  ];
  it.each(newcomers)('%s, read by a thread that stood still', async (_, sender) => {
    const stalls = [
      [START - 10, START + 80],
      [START + 2, START + 60],
      [START - 30, START + 5],
    ] as const;
    for (const stalled of stalls) {
      for (const last of [START + 30, END]) {
        const untilLast = (frame: SentFrame) => (frame.index > last ? undefined : sender(frame));
        const { leaked } = await paused({ sender: untilLast, delay: () => 200, stalled });
        expect([stalled, last, leaked]).toEqual([stalled, last, []]);
      }
    }
  });

  it('without a guard costs nothing on a path without delay', async () => {
    const { leaked, kept } = await paused({ guardMs: 0 });
    expect(leaked).toEqual([]);
    expect(range(START, END).filter((index) => !kept.has(index))).toEqual([]);
  });

  it('costs the guard, and no more, behind a Start', async () => {
    const { kept } = await paused({});
    const first = Math.min(...[...kept].filter((index) => index >= START));
    expect((first - START) * FRAME_MS).toBeGreaterThanOrEqual(240);
    expect((first - START) * FRAME_MS).toBeLessThanOrEqual(280);
  });

  it('from a new source that begins just before the Start', async () => {
    const { leaked } = await paused({
      sender: (frame) =>
        frame.index < START - 5
          ? frame
          : {
              ...frame,
              ssrc: 2,
              sequence: 7_000 + frame.index,
              timestamp: 5 * frame.index * FRAME,
            },
      delay: (index) =>
        index >= START - 5 && index < START + 5 ? 240 - (index - START + 5) * 20 : 20,
    });
    expect(leaked).toEqual([]);
  });

  it('from the source before the one that begins at the Start', async () => {
    const { leaked } = await paused({
      sender: (frame) =>
        frame.index < START ? frame : { ...frame, ssrc: 2, sequence: 7_000 + frame.index },
      delay: (index) =>
        index >= START - 20 && index < START ? 600 + (START - index) * FRAME_MS : 20,
    });
    expect(leaked).toEqual([]);
  });

  it('in whatever way a path delays, reorders and loses it', async () => {
    const shape = fc.record({
      base: fc.integer({ min: 0, max: 200 }),
      jitter: fc.integer({ min: 0, max: 150 }),
      late: fc.array(
        fc.record({
          at: fc.integer({ min: 0, max: END - 1 }),
          by: fc.integer({ min: 0, max: 2_500 }),
        }),
        { maxLength: 30 },
      ),
      seed: fc.integer({ min: 1, max: 65_535 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ base, jitter, late, seed }) => {
        const extra = new Map(late.map(({ at, by }) => [at, by]));
        const delay = (index: number) =>
          base +
          (((index * seed * 2_654_435_761) % 4_294_967_296) / 4_294_967_296) * jitter +
          (extra.get(index) ?? 0);
        const { leaked } = await paused({ delay });
        expect(leaked).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a silent client', () => {
  it('that sends nothing in the pause and lets its clock stand goes on behind it', async () => {
    const { leaked, kept, offsets } = await paused({
      sender: (frame) => {
        if (frame.index >= PAUSE && frame.index < START) return undefined;
        const sent = frame.index < PAUSE ? frame.index : frame.index - (START - PAUSE);
        return { ...frame, sequence: sent, timestamp: sent * FRAME };
      },
    });
    expect(leaked).toEqual([]);
    const after = range(START + GUARD_FRAMES, END);
    expect(after.filter((index) => !kept.has(index))).toEqual([]);
    for (const index of after) expect(Math.abs(offsets.get(index) ?? 1e9)).toBeLessThan(60);
  });
});
