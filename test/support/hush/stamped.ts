import type { SentFrame } from '../../../src/simulator/verdict.ts';

const FRAME_MS = 20;

/**
 * When the frames were sent by their timestamps. A sender that was held up, as on a busy machine,
 * sends what it took up before a Start behind it: that is left out.
 */
export function stamped(sent: readonly SentFrame[]): SentFrame[] {
  const begun = Math.min(...sent.map(({ index, sentAtMs }) => sentAtMs - index * FRAME_MS));
  return sent.map(({ index }) => ({ index, sentAtMs: begun + index * FRAME_MS }));
}
