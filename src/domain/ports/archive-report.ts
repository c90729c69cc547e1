/** What is asked of a check of the archive. */
export interface CheckRequest {
  /** Opens every chunk of every recording: its seal is its checksum. */
  readonly deep: boolean;
  /** Removes orphans. */
  readonly remove: boolean;
}

export interface ArchiveFinding {
  /**
   * `orphan`: no key opens it. `stranger`: of no call that is known here, or nothing of Hush's; it
   * is never removed. `missing`: its key is there, its file is not. `damaged`: what is there is not
   * what was sealed.
   */
  readonly kind: 'orphan' | 'stranger' | 'missing' | 'damaged';
  readonly path: string;
  readonly detail: string;
}

/** What a check has found so far. */
export interface ArchiveReport {
  readonly files: number;
  readonly bytes: number;
  readonly segments: number;
  readonly orphans: number;
  readonly strangers: number;
  readonly missing: number;
  readonly damaged: number;
  readonly removed: number;
  /** The first thousand. */
  readonly findings: readonly ArchiveFinding[];
}

/** Room for recordings. */
export interface StorageReport {
  /** To Hush, which is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What waits for the bucket; null where recordings stay on the disk. */
  readonly spool: { readonly bytes: number; readonly maxBytes: number } | null;
}
