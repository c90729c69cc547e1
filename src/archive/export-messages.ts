import type { ExportFormat } from '../domain/archive-port.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import type { FilesSettings } from './open-files.ts';

/** What an export thread is started with. */
export interface ExportJob {
  readonly format: ExportFormat | 'peaks';
  readonly files: FilesSettings;
  /** Of the key ring, in its order. */
  readonly masterKeys: readonly Uint8Array[];
  readonly tracks: readonly TrackRecord[];
  readonly segments: readonly SegmentRecord[];
}

/** One piece is to be made; there are never more than were asked for. */
export type ToExport = 'more';

export type FromExport =
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  | { readonly type: 'end' };
