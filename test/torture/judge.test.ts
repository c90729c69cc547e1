import { describe, expect, test } from 'vitest';
import { judgeLeg } from '../../src/torture/judge.ts';
import { judgeTimeline, POSITION_TOLERANCE_MS } from '../../src/torture/timeline.ts';
import { RecordedCall } from './recorded-call.ts';

const { indexAt } = RecordedCall;
const guardMs = 250;

function verdictsOf(call: RecordedCall) {
  const verdicts = call.legs.map((leg) => judgeLeg(leg, call.evidence, { guardMs }));
  return {
    leaked: verdicts.flatMap(({ leaked }) => leaked.map(({ index }) => index)),
    lost: verdicts.flatMap(({ lost }) => lost.map(({ index }) => index)),
    forbidden: verdicts.reduce((sum, { forbidden }) => sum + forbidden, 0),
    required: verdicts.reduce((sum, { required }) => sum + required, 0),
    guardCostsMs: verdicts.flatMap(({ guardCostsMs }) => guardCostsMs),
    excused: verdicts.map(({ excused }) => excused),
  };
}

function timelineOf(call: RecordedCall, disturbances: number[] = []) {
  const { misplaced, overwritten, placed } = judgeTimeline(call.evidence, disturbances);
  const numbers = (frames: readonly { index: number }[]) => frames.map(({ index }) => index);
  return { placed, misplaced: numbers(misplaced), overwritten: numbers(overwritten) };
}

describe('a right recorder', () => {
  test.each([
    { name: 'without guard', options: {} },
    { name: 'with a guard', options: { guardMs } },
    { name: 'of a network of 200 ms, with a guard', options: { delayMs: 200, guardMs } },
    { name: 'with look-back', options: { lookbackMs: 2_000 } },
  ])('$name is found right', ({ options }) => {
    const call = new RecordedCall(options);
    const verdicts = verdictsOf(call);
    expect(verdicts).toMatchObject({ leaked: [], lost: [] });
    expect(verdicts.forbidden).toBeGreaterThan(190);
    expect(verdicts.required).toBeGreaterThan(500);
    expect(timelineOf(call)).toMatchObject({ misplaced: [], overwritten: [] });
    expect(timelineOf(call).placed).toBeGreaterThan(400);
  });

  test('what its guard cost is measured by sending time, for each leg', () => {
    expect(verdictsOf(new RecordedCall()).guardCostsMs).toEqual([0, 0]);
    expect(verdictsOf(new RecordedCall({ guardMs })).guardCostsMs).toEqual([260, 260]);
    const near = new RecordedCall({ delayMs: 200, guardMs });
    expect(verdictsOf(near).guardCostsMs).toEqual([60, 60]);
  });
});

describe('a recorder that leaks', () => {
  test.each([3_020, 4_000, 4_980])('one frame of %i ms is found out', (ms) => {
    const call = new RecordedCall({ guardMs });
    call.place(2, indexAt(ms));
    expect(verdictsOf(call).leaked).toEqual([indexAt(ms)]);
  });

  test('a late frame is found out by when it was sent', () => {
    const late = new RecordedCall({ delayMs: 200 });
    // They arrive after the Start, and a gate that goes by arrival keeps them.
    const leaked = [4_820, 4_840, 4_860, 4_880, 4_900, 4_920, 4_940, 4_960, 4_980].map(indexAt);
    expect(verdictsOf(late).leaked).toEqual(expect.arrayContaining(leaked));
  });

  test('one frame of the look-back is found out', () => {
    const call = new RecordedCall({ lookbackMs: 2_000 });
    call.place(1, indexAt(1_220));
    call.place(1, indexAt(2_980));
    expect(verdictsOf(call).leaked).toEqual([indexAt(1_220), indexAt(2_980)]);
  });

  test('all of a call that was to be destroyed is forbidden', () => {
    const call = new RecordedCall();
    call.isDestroyed = true;
    expect(verdictsOf(call).leaked.length).toBeGreaterThan(700);
    call.found.clear();
    expect(verdictsOf(call)).toMatchObject({ leaked: [], lost: [], guardCostsMs: [] });
  });

  test('a Pause that was never answered forbids nothing', () => {
    const call = new RecordedCall();
    const never = Number.POSITIVE_INFINITY;
    const [silence] = call.silences;
    if (!silence) throw new Error('no silence');
    call.silences[0] = {
      ...silence,
      ...{ answeredAt: never, startRequestedAt: never, startAnsweredAt: never },
    };
    call.place(1, indexAt(4_000));
    expect(verdictsOf(call)).toMatchObject({ leaked: [], lost: [] });
  });
});

describe('a recorder that loses', () => {
  test('one frame is found out', () => {
    const call = new RecordedCall({ guardMs });
    call.drop(1, indexAt(8_000));
    expect(verdictsOf(call).lost).toEqual([indexAt(8_000)]);
  });

  test('what its guard explains is counted, what lies behind it is lost', () => {
    const call = new RecordedCall({ guardMs });
    call.drop(1, indexAt(5_260));
    call.drop(1, indexAt(5_400));
    expect(verdictsOf(call).lost).toEqual([indexAt(5_400)]);
    expect(verdictsOf(call).excused[0]?.guard).toBe(13);
  });

  test('what the network lost, or brought after the session, was not its to keep', () => {
    const call = new RecordedCall();
    const [leg] = call.legs;
    if (!leg) throw new Error('no leg');
    call.frame(1, indexAt(8_000)).arrivedAtMs = undefined;
    call.drop(1, indexAt(8_000));
    leg.endedAtMs = call.beganAtMs + 9_960;
    call.drop(1, indexAt(9_960));
    call.drop(1, indexAt(9_980));
    expect(verdictsOf(call).lost).toEqual([]);
  });

  test('within a second of a change of clock it is counted apart', () => {
    const call = new RecordedCall();
    call.legs[0]?.disturbedAtMs.push(call.beganAtMs + 7_000);
    call.drop(1, indexAt(7_500));
    call.drop(1, indexAt(8_100));
    call.drop(2, indexAt(7_500));
    expect(verdictsOf(call).lost).toEqual([indexAt(8_100), indexAt(7_500)]);
    expect(verdictsOf(call).excused[0]?.clock).toBe(1);
  });
});

describe('a recorder whose time line is wrong', () => {
  test('one frame that is 100 ms late is found out', () => {
    const call = new RecordedCall();
    call.place(2, indexAt(8_000), { positionMs: 8_100 });
    expect(timelineOf(call).misplaced).toEqual([indexAt(8_000)]);
  });

  test('a frame that is there twice is found out by its other place', () => {
    const call = new RecordedCall();
    const place = { recording: 0, lengthMs: 20 };
    const both = [
      { ...place, positionMs: 8_000 },
      { ...place, positionMs: 9_000 },
    ];
    call.found.get(1)?.set(indexAt(8_000), both);
    expect(timelineOf(call).misplaced).toEqual([indexAt(8_000)]);
  });

  test('a leg that is early to the end is found out, from a second after its clock changed', () => {
    const call = new RecordedCall();
    call.legs[0]?.disturbedAtMs.push(call.beganAtMs + 5_000);
    for (let ms = 5_020; ms < 10_000; ms += 20) {
      call.place(1, indexAt(ms), { positionMs: ms - 1_500 });
    }
    const { misplaced } = timelineOf(call);
    expect(misplaced.length).toBe((10_000 - 6_020) / 20);
    expect(misplaced[0]).toBe(indexAt(6_020));
  });

  test('what is within the tolerance is right', () => {
    const call = new RecordedCall();
    call.place(1, indexAt(8_000), { positionMs: 8_000 + POSITION_TOLERANCE_MS });
    expect(timelineOf(call).misplaced).toEqual([]);
  });

  test('one frame that another was written over is found out', () => {
    const call = new RecordedCall();
    call.place(1, indexAt(8_000), { lengthMs: 12 });
    expect(timelineOf(call).overwritten).toEqual([indexAt(8_000)]);
  });

  test('a frame that a Pause cuts is not overwritten', () => {
    const call = new RecordedCall();
    call.place(1, indexAt(2_980), { lengthMs: 12 });
    expect(timelineOf(call).overwritten).toEqual([]);
  });

  test('a path of unknown length moves a leg, and a longer one is no fault', () => {
    const call = new RecordedCall({ delayMs: 200 });
    for (const frame of call.legs[0]?.frames ?? []) {
      if (call.found.get(1)?.has(frame.index)) {
        call.place(1, frame.index, { positionMs: frame.index * 20 + 200 });
      }
    }
    expect(timelineOf(call).misplaced).toEqual([]);
  });
});
