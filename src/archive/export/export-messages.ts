import type { ExportFormat } from '../../domain/ports/archive.ts';
import type { FilesSettings } from '../files/open-files.ts';
import type { PlayedRows } from '../playback/recording-version.ts';

/** What an export thread is started with. */
export interface ExportJob extends PlayedRows {
  readonly format: ExportFormat | 'peaks';
  readonly files: FilesSettings;
  /** Of the key ring, in its order. */
  readonly masterKeys: readonly Uint8Array[];
}

/** One piece is to be made; there are never more than were asked for. */
export type ToExport = 'more';

export type FromExport =
  /** All of its files are there. */
  | { readonly type: 'opened' }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  /** @see Playback.isDamaged */
  | { readonly type: 'end'; readonly isDamaged: boolean }
  | ExportFailure;

/** Errors lose their class between threads. */
export interface ExportFailure {
  readonly type: 'failed';
  readonly kind: 'missing' | 'missingAll' | 'away' | 'other';
  readonly message: string;
  readonly paths: readonly string[];
}
