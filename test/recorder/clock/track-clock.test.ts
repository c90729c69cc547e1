import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallClock, Timing, TrackClock } from '../../../src/recorder/clock/track-clock.ts';

const RATE = 8000;
const FRAME = 160;
const FRAME_MS = 20;

/** A clock on which `timestamp` has just begun a time line. */
function begun(timestamp: number, call = new CallClock(), atMs = 0): TrackClock {
  const clock = new TrackClock(call, RATE);
  clock.begin({ ssrc: 1, timestamp }, atMs);
  return clock;
}

/** A packet whose timestamp is believed; where it lies. */
function place(clock: TrackClock, timestamp: number, arrivalMs: number): number {
  clock.hear(timestamp >>> 0, arrivalMs);
  return clock.relative(timestamp >>> 0, FRAME);
}

function judge(clock: TrackClock, timestamp: number, arrivalMs: number, ahead = 1): Timing {
  return clock.judge({ timestamp: timestamp >>> 0, ahead, samples: FRAME }, arrivalMs);
}

/** Two seconds of speech. */
function spoken(first = 0, call = new CallClock()): TrackClock {
  const clock = begun(first, call);
  for (let frame = 0; frame < 100; frame += 1) {
    expect(judge(clock, first + frame * FRAME, frame * FRAME_MS)).toBe(Timing.Fits);
    place(clock, first + frame * FRAME, frame * FRAME_MS);
  }
  return clock;
}

describe('TrackClock', () => {
  it('measures by timestamps, whatever the arrival', () => {
    const clock = begun(1000);
    const positions = [0, 500, 501, 503].map((arrival, index) =>
      place(clock, 1000 + index * FRAME, arrival),
    );
    expect(positions).toEqual([0, FRAME, 2 * FRAME, 3 * FRAME]);
  });

  it('continues where the timestamp wraps', () => {
    const first = 2 ** 32 - 2 * FRAME;
    const clock = begun(first);
    for (let frame = 0; frame < 5; frame += 1) {
      expect(judge(clock, first + frame * FRAME, frame * FRAME_MS)).toBe(Timing.Fits);
      expect(place(clock, first + frame * FRAME, frame * FRAME_MS)).toBe(frame * FRAME);
    }
  });

  it('stays exact over more than one round of timestamps', () => {
    const clock = begun(0);
    const step = 2 ** 30;
    for (let count = 0; count < 10; count += 1) {
      expect(place(clock, count * step, (count * step * 1000) / RATE)).toBe(count * step);
    }
  });

  it('gives a packet from before the first a negative position', () => {
    const clock = begun(FRAME);
    expect(place(clock, FRAME, 0)).toBe(0);
    expect(place(clock, 0, 5)).toBe(-FRAME);
  });

  it('is not shifted by a late first packet', () => {
    const call = new CallClock();
    place(begun(0, call, 1000), 0, 1000);
    const clock = begun(5000, call, 1300);
    // The first frame was stalled for 300 ms; those after it came at once.
    const arrivals = [1300, 1300.1, 1300.2, 1300.3, 1300.4].concat(
      Array.from({ length: 40 }, (_, index) => 1000 + (index + 5) * FRAME_MS + 300 * +(index < 11)),
    );
    for (const [frame, arrival] of arrivals.entries()) {
      place(clock, 5000 + frame * FRAME, arrival);
    }
    expect(clock.anchor(1900)).toBe(0);
  });

  it('keeps its anchor once it was read', () => {
    const clock = begun(0, undefined, 100);
    place(clock, 0, 100);
    place(clock, FRAME, 150);
    expect(clock.anchor(150)).toBe(0);
    place(clock, 2 * FRAME, 100);
    expect(clock.anchor(150)).toBe(0);
  });

  it('takes the least delay at once at a gap, and never overlaps audio', () => {
    const clock = spoken();
    expect(clock.anchor(2_000)).toBe(0);
    for (let frame = 100; frame < 700; frame += 1)
      place(clock, frame * FRAME, frame * FRAME_MS + 80);
    expect(clock.anchor(14_080)).toBeLessThan(640);
    clock.realign(null);
    expect(clock.anchor(14_080)).toBe(640);
    clock.realign(700 * FRAME + 4000);
    expect(clock.anchor(14_080)).toBe(4000);
  });

  it('puts two streams that started at different times on one clock', () => {
    const call = new CallClock();
    const [first, second] = [begun(77, call), begun(2 ** 31, call)];
    place(first, 77, 5000);
    place(second, 2 ** 31, 5250);
    expect([first.anchor(5250), second.anchor(5250)]).toEqual([0, 2000]);
  });

  it('begins a new time line with another source', () => {
    const clock = begun(1000);
    place(clock, 1000, 0);
    place(clock, 1000 + FRAME, 20);
    clock.begin({ ssrc: 2, timestamp: 9_999_999 }, 40);
    expect(place(clock, 9_999_999, 40)).toBe(0);
    expect(clock.anchor(150)).toBe(2 * FRAME);
  });

  it('reports the jitter of arrivals (RFC 3550 appendix A.8)', () => {
    const clock = begun(0);
    for (let frame = 0; frame < 100; frame += 1) place(clock, frame * FRAME, frame * FRAME_MS);
    expect(clock.jitterMs).toBe(0);
    for (let frame = 100; frame < 300; frame += 1) {
      place(clock, frame * FRAME, frame * FRAME_MS + (frame % 2) * 8);
    }
    expect(clock.jitterMs).toBeCloseTo(8, 1);
  });

  it('gives the same positions from any first timestamp and in any order of arrival', () => {
    const order = fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), order, (first, frames) => {
        const clock = begun(first);
        place(clock, first, 0);
        for (const frame of frames) {
          expect(place(clock, first + frame * FRAME, frame * FRAME_MS)).toBe(frame * FRAME);
        }
      }),
    );
  });
});

describe('a sender’s clock', () => {
  /** The next packet in the order of numbers, and when it comes if nothing is wrong. */
  const [next, dueMs] = [100 * FRAME, 100 * FRAME_MS];

  it('is trusted through jitter, and through silence that it counts', () => {
    expect(judge(spoken(), next, dueMs + 90)).toBe(Timing.Fits);
    expect(judge(spoken(), next + 60 * RATE, dueMs + 60_003)).toBe(Timing.Fits);
  });

  it.each([
    ['falls back by 3 s', -3 * RATE],
    ['falls back by a day', -86_400 * RATE],
    ['stands still for one packet', -FRAME],
    ['falls back by half a packet', -FRAME / 2],
    ['leaps by 5 s', 5 * RATE],
    ['leaps by 200 ms', RATE / 5],
  ])('that %s while packets come as before moves nothing', (_, jump) => {
    const clock = spoken();
    for (let frame = 100; frame < 150; frame += 1) {
      const timestamp = frame * FRAME + jump;
      expect(judge(clock, timestamp, frame * FRAME_MS)).toBe(Timing.Fits);
      expect(place(clock, timestamp, frame * FRAME_MS)).toBe(frame * FRAME);
    }
  });

  it('that stands still for good is replaced by counting packets', () => {
    const clock = spoken();
    for (let frame = 100; frame < 150; frame += 1) {
      expect(judge(clock, next, frame * FRAME_MS)).toBe(Timing.Fits);
      expect(place(clock, next, frame * FRAME_MS)).toBe(frame * FRAME);
    }
  });

  it('that falls back after lost packets continues after them', () => {
    const clock = spoken();
    expect(judge(clock, 0, dueMs + 100, 6)).toBe(Timing.Fits);
    expect(place(clock, 0, dueMs + 100)).toBe(105 * FRAME);
  });

  it.each([1_000, 5_000, 9_000, 20_000])('is in doubt where a packet is late by %i ms', (ms) => {
    expect(judge(spoken(), next, dueMs + ms)).toBe(Timing.Late);
  });

  it('is in doubt when it fell back in a silence', () => {
    expect(judge(spoken(), next - RATE, dueMs + 4_000)).toBe(Timing.Adrift);
  });

  it('that was shifted continues from there, and overlaps no audio', () => {
    const clock = spoken();
    clock.shift(next, 5 * RATE);
    expect(place(clock, next, dueMs + 5_000)).toBe(next + 5 * RATE);
    expect(judge(clock, next + FRAME, dueMs + 5_020)).toBe(Timing.Fits);
    clock.shift(next, -9 * RATE);
    expect(place(clock, next, dueMs + 5_040)).toBe(next + 5 * RATE + FRAME);
  });

  it('counts as wrong while audio lies more than 20 ms from its time', () => {
    const clock = spoken();
    expect(clock.anchor(2_000)).toBe(0);
    expect(clock.wrongMs).toBe(0);
    for (let frame = 100; frame < 800; frame += 1)
      place(clock, frame * FRAME, frame * FRAME_MS + 90);
    expect(clock.wrongMs).toBeGreaterThan(1_000);
  });
});
