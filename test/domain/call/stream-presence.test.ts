import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  openSpans,
  presenceSince,
  presenceWith,
  wantedMs,
} from '../../../src/domain/call/stream-presence.ts';
import { aCall, anEvent, at } from '../../store/samples.ts';

const call = aCall({ beganAt: at, endedAt: at + 10_000, recorded: true });
const event = (gapStartedAt: number | null, gapEndedAt: number | null = null) => {
  const times = { gapStartedAt: gapStartedAt && at + gapStartedAt };
  return { ...anEvent(call, 1), ...times, gapEndedAt: gapEndedAt && at + gapEndedAt };
};
const ms = (spans: readonly { start: number; end: number }[]) =>
  spans.map(({ start, end }) => [start - at, end - at]);

describe('when the gate was open', () => {
  it.each([
    ['all along', [event(null)], [[0, 10_000]]],
    [
      'but for a pause',
      [event(2_000), event(2_000, 5_000)],
      [
        [0, 2_000],
        [5_000, 10_000],
      ],
    ],
    ['up to a pause', [event(2_000), event(null)], [[0, 2_000]]],
    [
      'from a Start on',
      [event(1), event(1, 4_000)],
      [
        [0, 1],
        [4_000, 10_000],
      ],
    ],
  ])('%s', (_, events, expected) => {
    expect(ms(openSpans(call, events))).toEqual(expected);
  });

  it('is never for a call that was not to be recorded', () => {
    expect(openSpans({ ...call, recorded: false }, [])).toEqual([]);
  });
});

describe('what is wanted of a stream', () => {
  const open = [{ start: at, end: at + 10_000 }];

  it('is everything for a stream of an older release', () => {
    expect(wantedMs(null, open)).toBe(10_000);
  });

  it('lasts as long as the stream, except while the client holds', () => {
    const opened = presenceSince(at + 1_000, false);
    expect(wantedMs(opened, open)).toBe(9_000);
    const held = presenceWith(opened, true, at + 2_000);
    expect(wantedMs(held, open)).toBe(1_000);
    expect(presenceWith(held, true, at + 3_000)).toBe(held);
    const released = presenceWith(held, false, at + 5_000);
    expect(wantedMs(released, open)).toBe(6_000);
    expect(presenceWith(released, false, at + 6_000)).toBe(released);
    expect(wantedMs({ ...released, closedAt: at + 6_000 }, open)).toBe(2_000);
    expect(wantedMs(presenceSince(at, true), open)).toBe(0);
  });

  it('counts time that was both held and paused once', () => {
    const held = presenceWith(presenceSince(at, false), true, at + 2_000);
    const halves = [
      { start: at, end: at + 3_000 },
      { start: at + 6_000, end: at + 10_000 },
    ];
    expect(wantedMs(presenceWith(held, false, at + 7_000), halves)).toBe(5_000);
  });

  it('never exceeds the stream, however often it is held', () => {
    const changes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), {
      maxLength: 1_200,
    });
    fc.assert(
      fc.property(changes, (holds) => {
        let [now, presence] = [at, presenceSince(at, false)];
        let [isHeld, since, released] = [false, at, 0];
        for (const [held, after] of holds) {
          now += after;
          if (!isHeld) released += now - since;
          [isHeld, since] = [held, now];
          presence = presenceWith(presence, held, now);
        }
        if (!isHeld) released += at + 100_000 - since;
        const wanted = wantedMs(presence, [{ start: at, end: at + 100_000 }]);
        expect(presence.holds.length).toBeLessThanOrEqual(200);
        expect(wanted).toBeLessThanOrEqual(released);
        if (presence.holds.length < 200) expect(wanted).toBe(released);
      }),
      { numRuns: 30 },
    );
  });
});
