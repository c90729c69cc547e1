import type { ExportFormat } from '../../domain/ports/archive.ts';
import type { FilesSettings } from '../files/open-files.ts';
import type { PlayedRows } from '../playback/recording-version.ts';

/** The input of an export thread. */
export interface ExportJob extends PlayedRows {
  readonly format: ExportFormat | 'peaks';
  readonly files: FilesSettings;
  /** The master keys, in the order of the key ring. */
  readonly masterKeys: readonly Uint8Array[];
}

/**
 * A request for one piece, and no more pieces are made than were requested; or the request to close
 * the recording's files and end.
 */
export type ToExport = 'more' | 'end';

export type FromExport =
  /** All files of the recording are present. */
  | { readonly type: 'opened' }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  /** @see Playback.isDamaged */
  | { readonly type: 'end'; readonly isDamaged: boolean }
  | ExportFailure;

/** A failure in plain values: errors lose their class between threads. */
export interface ExportFailure {
  readonly type: 'failed';
  readonly kind: 'missing' | 'missingAll' | 'away' | 'other';
  readonly message: string;
  readonly paths: readonly string[];
}
