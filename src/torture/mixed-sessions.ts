import { FRAME_MS } from '../simulator/rtp-sender.ts';
import type { CallEvidence, DeviceFrame, Leg } from './judge.ts';

/**
 * Returns true for a frame where another session of its party has audio too, so that neither's is
 * readable: a recorder knows when audio came, and not how long either network took. What was found
 * beside the frame, and of the other session, says where both lie.
 */
export function isMixed(
  frame: DeviceFrame,
  leg: Leg,
  recording: number,
  { legs, found }: Pick<CallEvidence, 'legs' | 'found'>,
): boolean {
  const placeOf = (index: number, { tag }: Leg): number | undefined => {
    const nearest = [...(found.get(tag) ?? [])]
      .flatMap(([at, places]) => places.map((place) => ({ ...place, index: at })))
      .filter((place) => place.recording === recording)
      .reduce<{ index: number; positionMs: number } | undefined>((best, one) => {
        const isNearer = !best || Math.abs(one.index - index) < Math.abs(best.index - index);
        return isNearer ? one : best;
      }, undefined);
    return nearest && nearest.positionMs + (index - nearest.index) * FRAME_MS;
  };
  const at = placeOf(frame.index, leg);
  if (at === undefined) return false;
  return legs.some((other) => {
    const [first, last] = [other.frames[0], other.frames.at(-1)];
    if (other === leg || other.party !== leg.party || !first || !last) return false;
    const from = placeOf(first.index, other);
    const until = placeOf(last.index, other);
    if (from === undefined || until === undefined) return false;
    return at > from - FRAME_MS && at < until + FRAME_MS;
  });
}
