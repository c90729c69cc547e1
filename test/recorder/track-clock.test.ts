import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyRtpPacket, type RtpPacket } from '../../src/protocols/rtp/packet.ts';
import { CallClock, TrackClock } from '../../src/recorder/track-clock.ts';

const RATE = 8000;
const FRAME = 160;
const FRAME_MS = 20;

function packetAt(timestamp: number, ssrc = 1): RtpPacket {
  return { ...emptyRtpPacket(), timestamp: timestamp >>> 0, ssrc };
}

/** A clock on which `firstTimestamp` has just begun a time line. */
function begun(firstTimestamp: number, call = new CallClock()) {
  const clock = new TrackClock(call, RATE);
  const first = packetAt(firstTimestamp);
  expect(clock.breaks(first, 0)).toBe(true);
  clock.restart(first);
  return clock;
}

describe('TrackClock', () => {
  it('measures by timestamps, whatever the arrival', () => {
    const clock = begun(1000);
    const positions = [0, 500, 501, 503].map((arrival, index) =>
      clock.relative(packetAt(1000 + index * FRAME), arrival),
    );
    expect(positions).toEqual([0, FRAME, 2 * FRAME, 3 * FRAME]);
  });

  it('goes on where the timestamp wraps', () => {
    const first = 2 ** 32 - 2 * FRAME;
    const clock = begun(first);
    for (let frame = 0; frame < 5; frame += 1) {
      const packet = packetAt(first + frame * FRAME);
      const arrival = frame * FRAME_MS;
      if (frame > 0) expect(clock.breaks(packet, arrival)).toBe(false);
      expect(clock.relative(packet, arrival)).toBe(frame * FRAME);
    }
  });

  it('stays exact over more than one round of timestamps', () => {
    const clock = begun(0);
    const step = 2 ** 30;
    for (let count = 0; count < 10; count += 1) {
      const arrival = (count * step * 1000) / RATE;
      expect(clock.relative(packetAt(count * step), arrival)).toBe(count * step);
    }
  });

  it('gives a packet from before the first a negative position', () => {
    const clock = begun(FRAME);
    expect(clock.relative(packetAt(FRAME), 0)).toBe(0);
    expect(clock.relative(packetAt(0), 5)).toBe(-FRAME);
  });

  it('is not shifted by a late first packet', () => {
    const call = new CallClock();
    const other = begun(0, call);
    other.relative(packetAt(0), 1000);
    const clock = begun(5000, call);
    // The first frame was stalled for 300 ms; those after it came at once.
    const arrivals = [1300, 1300.1, 1300.2, 1300.3, 1300.4].concat(
      Array.from({ length: 40 }, (_, index) => 1000 + (index + 5) * FRAME_MS + 300 * +(index < 11)),
    );
    for (const [frame, arrival] of arrivals.entries()) {
      clock.relative(packetAt(5000 + frame * FRAME), arrival);
    }
    expect(clock.anchor(1900)).toBe(0);
  });

  it('keeps its anchor once it was asked for', () => {
    const clock = begun(0);
    clock.relative(packetAt(0), 100);
    clock.relative(packetAt(FRAME), 150);
    expect(clock.anchor(150)).toBe(0);
    clock.relative(packetAt(2 * FRAME), 100);
    expect(clock.anchor(150)).toBe(0);
  });

  it('puts two streams that started apart on one clock', () => {
    const call = new CallClock();
    const [first, second] = [begun(77, call), begun(2 ** 31, call)];
    first.relative(packetAt(77), 5000);
    second.relative(packetAt(2 ** 31), 5250);
    expect([first.anchor(5250), second.anchor(5250)]).toEqual([0, 2000]);
  });

  it('begins another time line with another SSRC', () => {
    const clock = begun(1000);
    clock.relative(packetAt(1000), 0);
    clock.relative(packetAt(1000 + FRAME), 20);
    const other = packetAt(9_999_999, 2);
    expect(clock.breaks(other, 40)).toBe(true);
    clock.restart(other);
    expect(clock.relative(other, 40)).toBe(0);
    expect(clock.anchor(150)).toBe(2 * FRAME);
  });

  it.each([
    ['a timestamp that jumps ahead', 20 * RATE, 20],
    ['a timestamp that jumps back', -20 * RATE, 20],
    ['a clock that stood still', FRAME, 20_000],
  ])('begins another time line with %s', (_name, timestamp, arrival) => {
    const clock = begun(0);
    clock.relative(packetAt(0), 0);
    expect(clock.breaks(packetAt(timestamp), arrival)).toBe(true);
  });

  it('tells the jitter of arrivals (RFC 3550 appendix A.8)', () => {
    const clock = begun(0);
    for (let frame = 0; frame < 100; frame += 1) {
      clock.relative(packetAt(frame * FRAME), frame * FRAME_MS);
    }
    expect(clock.jitterMs).toBe(0);
    for (let frame = 100; frame < 300; frame += 1) {
      clock.relative(packetAt(frame * FRAME), frame * FRAME_MS + (frame % 2) * 8);
    }
    expect(clock.jitterMs).toBeCloseTo(8, 1);
  });

  it('takes silence suppression for one time line', () => {
    const clock = begun(0);
    clock.relative(packetAt(0), 0);
    const afterAMinute = packetAt(60 * RATE);
    expect(clock.breaks(afterAMinute, 60_003)).toBe(false);
    expect(clock.relative(afterAMinute, 60_003)).toBe(60 * RATE);
  });

  it('gives the same positions from any first timestamp and in any order of arrival', () => {
    const order = fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), order, (first, frames) => {
        const clock = begun(first);
        clock.relative(packetAt(first), 0);
        for (const frame of frames) {
          const position = clock.relative(packetAt(first + frame * FRAME), frame * FRAME_MS);
          expect(position).toBe(frame * FRAME);
        }
      }),
    );
  });
});
