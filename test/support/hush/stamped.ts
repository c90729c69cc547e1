import type { SentFrame } from '../../../src/simulator/verdict.ts';

const FRAME_MS = 20;

/**
 * Returns the frames' send times by their timestamps. On a busy machine a delayed sender sends
 * audio captured before a Start after it, which is rightly left out.
 */
export function stamped(sent: readonly SentFrame[]): SentFrame[] {
  const begun = Math.min(...sent.map(({ index, sentAtMs }) => sentAtMs - index * FRAME_MS));
  return sent.map(({ index }) => ({ index, sentAtMs: begun + index * FRAME_MS }));
}
