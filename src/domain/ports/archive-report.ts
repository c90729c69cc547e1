/** Options of an archive check. */
export interface CheckRequest {
  /** Opens every chunk of every recording: its seal is its checksum. */
  readonly deep: boolean;
  /** Removes orphans. */
  readonly remove: boolean;
}

export interface ArchiveFinding {
  /**
   * `orphan`: no key opens it. `stranger`: of no call that is known here, or not Hush's; it is
   * never removed. `missing`: its key is there, its file is not. `damaged`: it is not as it was
   * sealed.
   */
  readonly kind: 'orphan' | 'stranger' | 'missing' | 'damaged';
  readonly path: string;
  readonly detail: string;
}

/** Results of a check so far. */
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

/** Space for recordings. */
export interface StorageReport {
  /** Space available to Hush, which is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Audio that waits for the bucket; null where recordings stay on the disk. */
  readonly spool: { readonly bytes: number; readonly maxBytes: number } | null;
}
