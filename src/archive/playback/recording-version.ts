import { createHash } from 'node:crypto';
import type { GapRecord } from '../../domain/model/gap.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';

/** The rows of a recording that is played. */
export interface PlayedRows {
  readonly tracks: readonly TrackRecord[];
  readonly segments: readonly SegmentRecord[];
  readonly gaps: readonly GapRecord[];
}

/** Incremented when the same rows are rendered differently than before. */
const RENDERING = 1;
const CHARACTERS = 22;

/**
 * Identifies the sound of a recording. It changes with an erasure, whose length stays, with parties
 * named later and with damage found, but not with a rotation of the master key.
 */
export function recordingVersion({ tracks, segments, gaps }: PlayedRows): string {
  const rows = [
    RENDERING,
    tracks.map(({ track, codec, clockRate, role, mixed, startPosition, endPosition }) => [
      track,
      codec,
      clockRate,
      role,
      mixed,
      startPosition,
      endPosition,
    ]),
    segments.map(({ track, segment, generation, wrappedKey }) => [
      track,
      segment,
      generation,
      wrappedKey !== null,
    ]),
    gaps.map(({ track, start, length, reason }) => [track, start, length, reason]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(rows)).digest('base64url');
  return digest.slice(0, CHARACTERS);
}
