import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SealedExtent } from '../../domain/model/segment.ts';
import { KEY_BYTES, wrapKey } from '../../protocols/segment/key-wrap.ts';
import { identityBytes, segmentFile } from '../../protocols/segment/sealed-chunk.ts';
import type { ClosingReason } from '../fence/gate-table.ts';
import { AppendFile } from './append-file.ts';

/** A segment that is being written. */
export interface OpenSegment {
  readonly number: number;
  readonly key: Buffer;
  readonly wrappedKey: Buffer;
  readonly identity: Buffer;
  readonly file: AppendFile;
  /** Extent handed to its file; before that, the position of its first frame. */
  extent: SealedExtent;
  closedBy: ClosingReason;
}

export interface SegmentPlace {
  readonly callId: string;
  readonly track: number;
  readonly masterKey: Buffer;
  readonly recordingsDir: string;
  readonly maxUnwrittenBytes: number;
  onFailed(code: string): void;
}

/** Begins a segment under a key of its own, which only the master key opens. */
export function beginSegment(place: SegmentPlace, number: number, start: number): OpenSegment {
  const { callId, track, masterKey, recordingsDir, maxUnwrittenBytes, onFailed } = place;
  const identity = identityBytes({ callId, track, segment: number });
  const key = randomBytes(KEY_BYTES);
  const wrappedKey = wrapKey(masterKey, key, identity);
  const path = join(recordingsDir, segmentFile({ callId, track, segment: number }));
  const file = new AppendFile({ path, maxUnwrittenBytes, onFailed });
  const extent = { start, end: start, chunks: 0 };
  return { number, key, wrappedKey, identity, file, extent, closedBy: 'end' };
}
