import type { TrackRecord } from '../model/track.ts';

/**
 * Returns the channels of each track; 0 is left. Agents are left, everybody else right; where no
 * agent is known, the first stream is left. A stream of several parties is on both sides.
 */
export function channelsOf(tracks: readonly TrackRecord[]): number[][] {
  const apart = tracks.filter(({ mixed }) => !mixed);
  const agents = apart.filter(({ role }) => role === 'agent').length;
  const isLeft = (track: TrackRecord): boolean =>
    agents === 0 || agents === apart.length ? track === apart[0] : track.role === 'agent';
  return tracks.map((track) => {
    if (track.mixed) return [0, 1];
    return isLeft(track) ? [0] : [1];
  });
}
