import { FRAME_MS } from '../../src/simulator/rtp-sender.ts';
import type { FoundFrame, FoundFrames } from '../../src/torture/found-frames.ts';
import type { CallEvidence, DeviceFrame, Leg, Silence } from '../../src/torture/judge.ts';

/** A call of two parties, 10 s long, paused from 3 s to 5 s, as a right recorder keeps it. */
export class RecordedCall {
  readonly beganAtMs = 1_700_000_000_000;
  readonly legs: readonly Leg[];
  readonly silences: Silence[] = [];
  readonly found: FoundFrames = new Map();
  isDestroyed = false;

  constructor({ delayMs = 0, guardMs = 0, lookbackMs = 0 } = {}) {
    const at = (ms: number): number => this.beganAtMs + ms;
    this.silences.push({
      ...{ requestedAt: at(3_000), answeredAt: at(3_010), lookbackMs },
      ...{ startRequestedAt: at(5_000), startAnsweredAt: at(5_010) },
    });
    this.legs = [1, 2].map((tag) => this.#leg(tag, delayMs));
    for (const leg of this.legs) this.#keep(leg, { guardMs, lookbackMs });
  }

  get evidence(): CallEvidence {
    const { legs, silences, found, isDestroyed } = this;
    return { legs, silences, found, isDestroyed };
  }

  frame(tag: number, index: number): DeviceFrame {
    const frame = this.legs.find((leg) => leg.tag === tag)?.frames[index];
    if (!frame) throw new Error('no such frame');
    return frame;
  }

  /** Where a right recorder has a frame. */
  place(tag: number, index: number, more: Partial<FoundFrame> = {}): void {
    const positionMs = index * FRAME_MS;
    this.#framesOf(tag).set(index, [{ recording: 0, positionMs, lengthMs: FRAME_MS, ...more }]);
  }

  drop(tag: number, index: number): void {
    this.#framesOf(tag).delete(index);
  }

  /** The number of the frame that was sent `ms` after the call began. */
  static indexAt(ms: number): number {
    return ms / FRAME_MS;
  }

  #framesOf(tag: number): Map<number, FoundFrame[]> {
    const frames = this.found.get(tag) ?? new Map<number, FoundFrame[]>();
    this.found.set(tag, frames);
    return frames;
  }

  #leg(tag: number, delayMs: number): Leg {
    const frames = Array.from({ length: 500 }, (_, index) => {
      const sentAtMs = this.beganAtMs + index * FRAME_MS;
      return { index, sentAtMs, dueAtMs: sentAtMs, arrivedAtMs: sentAtMs + delayMs };
    });
    return {
      ...{ tag, party: `tel:${tag}`, frames, disturbedAtMs: [] },
      constantsMs: delayMs === 0 ? [] : [delayMs],
      endedAtMs: Number.POSITIVE_INFINITY,
    };
  }

  #keep(leg: Leg, { guardMs, lookbackMs }: { guardMs: number; lookbackMs: number }): void {
    for (const { index, arrivedAtMs = 0 } of leg.frames) {
      const atMs = arrivedAtMs - this.beganAtMs;
      const isErased = atMs >= 3_000 - lookbackMs && atMs < 5_000 + guardMs;
      if (!isErased) this.place(leg.tag, index);
    }
  }
}
