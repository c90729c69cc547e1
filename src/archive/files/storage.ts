import { statfs } from 'node:fs/promises';
import type { StorageReport } from '../../domain/ports/archive-report.ts';
import type { Uploader } from './uploader.ts';

/** Reports on the disk that recordings are sealed to, and on what waits there for the bucket. */
export async function storageOf(
  recordingsDir: string,
  uploader: Pick<Uploader, 'spoolBytes' | 'maxSpoolBytes'> | undefined,
): Promise<StorageReport> {
  const { bsize, bavail, blocks } = await statfs(recordingsDir);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    spool: uploader ? { bytes: uploader.spoolBytes, maxBytes: uploader.maxSpoolBytes } : null,
  };
}
