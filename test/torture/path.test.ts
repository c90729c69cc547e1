import { describe, expect, test } from 'vitest';
import { Path, type PathClock, type PathShape } from '../../src/torture/path.ts';
import { seededRandom } from '../../src/torture/random.ts';

/** Time that goes on when it is told to. */
class TestClock implements PathClock {
  #now = 0;
  #tasks: { at: number; task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): void {
    this.#tasks.push({ at: this.#now + ms, task });
  }

  goOn(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      this.#tasks.sort((a, b) => a.at - b.at);
      const next = this.#tasks[0];
      if (!next || next.at > until) break;
      this.#tasks.shift();
      this.#now = next.at;
      next.task();
    }
    this.#now = until;
  }
}

interface Arrival {
  readonly frame: number;
  readonly lateMs: number;
}

/** Frames every 20 ms through a path, and when they come; `at` does something before a frame. */
function arrivals(
  shape: PathShape,
  { count = 50, at = {} }: { count?: number; at?: Record<number, (path: Path) => void> } = {},
): Arrival[] {
  const clock = new TestClock();
  const path = new Path(shape, seededRandom(7), clock);
  const seen: Arrival[] = [];
  for (let frame = 0; frame < count; frame += 1) {
    at[frame]?.(path);
    const sentAt = clock.now();
    path.impair(Buffer.from([frame]), ([number = -1]) => {
      seen.push({ frame: number, lateMs: clock.now() - sentAt });
    });
    clock.goOn(20);
  }
  clock.goOn(2_000);
  return seen;
}

const framesOf = (seen: readonly Arrival[]) => seen.map(({ frame }) => frame);
const inOrder = Array.from({ length: 50 }, (_, frame) => frame);

describe('a path', () => {
  test('of nothing delivers at once', () => {
    const seen = arrivals({ constantMs: 0 });
    expect(framesOf(seen)).toEqual(inOrder);
    expect(seen.every(({ lateMs }) => lateMs === 0)).toBe(true);
  });

  test('of 200 ms delivers everything 200 ms late', () => {
    const seen = arrivals({ constantMs: 200 });
    expect(framesOf(seen)).toEqual(inOrder);
    for (const { lateMs } of seen) expect(lateMs).toBeCloseTo(200, 6);
  });

  test('that jitters by 30 to 70 ms keeps the order', () => {
    const seen = arrivals({ constantMs: 30, jitterMs: 40 });
    expect(framesOf(seen)).toEqual(inOrder);
    const late = seen.map(({ lateMs }) => lateMs);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(30);
    expect(Math.max(...late)).toBeLessThanOrEqual(71);
    expect(Math.max(...late) - Math.min(...late)).toBeGreaterThan(20);
  });

  test('that holds for 300 ms delivers a burst, in order', () => {
    const seen = arrivals({ constantMs: 30 }, { at: { 10: (path) => path.hold(300) } });
    expect(framesOf(seen)).toEqual(inOrder);
    const held = seen.filter(({ lateMs }) => lateMs > 31);
    expect(held.map(({ frame }) => frame)).toEqual(inOrder.slice(10, 24));
    expect(held[0]?.lateMs).toBeCloseTo(300, 6);
  });

  test('on which three frames are overtaken delivers them behind newer ones', () => {
    const seen = arrivals({ constantMs: 30 }, { at: { 10: (path) => path.overtake(3, 150) } });
    const order = framesOf(seen);
    expect(order.toSorted((a, b) => a - b)).toEqual(inOrder);
    expect(order.slice(0, 16)).toEqual([...inOrder.slice(0, 10), 13, 14, 15, 16, 17, 10]);
  });

  test('with late copies delivers some frames twice, the copy later', () => {
    const seen = arrivals({ constantMs: 30, copyShare: 0.3 });
    const twice = inOrder.filter((frame) => seen.filter((one) => one.frame === frame).length === 2);
    expect(twice.length).toBeGreaterThan(5);
    for (const frame of twice) {
      const [first, copy] = seen.filter((one) => one.frame === frame).map(({ lateMs }) => lateMs);
      expect((copy ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
    }
  });

  test('that becomes shorter, or longer, says what it was', () => {
    const constants: (readonly number[])[] = [];
    const seen = arrivals(
      { constantMs: 90 },
      {
        at: {
          20: (path) => path.changeConstant(10),
          40: (path) => {
            path.changeConstant(200);
            constants.push(path.constantsMs);
          },
        },
      },
    );
    expect(constants).toEqual([[90, 10, 200]]);
    const lateOf = (frame: number) => seen.find((one) => one.frame === frame)?.lateMs ?? 0;
    expect([lateOf(19), lateOf(20), lateOf(49)].map(Math.round)).toEqual([90, 10, 200]);
  });

  test('that loses one in ten loses about that, by its seed', () => {
    const shape = { constantMs: 0, lossShare: 0.1 };
    const seen = arrivals(shape, { count: 250 });
    expect(250 - seen.length).toBeGreaterThan(10);
    expect(250 - seen.length).toBeLessThan(45);
    expect(framesOf(arrivals(shape, { count: 250 }))).toEqual(framesOf(seen));
  });
});
