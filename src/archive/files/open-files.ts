import type { AudioFile, AudioFiles, Content, ListedFile, Place } from './audio-files.ts';
import { type BucketMark, MarkedFiles } from './bucket-mark.ts';
import { DiskFiles } from './disk-files.ts';
import { S3Files, type S3Settings } from './s3-files.ts';

/** The location of sealed audio, in plain values that cross to a thread. */
export interface FilesSettings {
  readonly recordingsDir: string;
  readonly s3?: S3Settings | undefined;
}

/** Derives the location from the configuration: without a bucket there is only the disk. */
export function filesSettingsOf(
  recordingsDir: string,
  { bucket, ...s3 }: Omit<S3Settings, 'bucket'> & { readonly bucket?: string | undefined },
): FilesSettings {
  return bucket === undefined ? { recordingsDir } : { recordingsDir, s3: { ...s3, bucket } };
}

/**
 * Opens the disk, or, with a bucket, the disk as the spool that calls are recorded to.
 * @param mark of the process, if it changes anything in the bucket
 */
export function openFiles({ recordingsDir, s3 }: FilesSettings, mark?: BucketMark): AudioFiles {
  const disk = new DiskFiles(recordingsDir);
  if (!s3) return disk;
  const bucket = new S3Files(s3);
  return new SpooledFiles(disk, mark ? new MarkedFiles(bucket, mark) : bucket);
}

/** A bucket behind a disk: a file on disk is as new as the one in the bucket, or newer. */
export class SpooledFiles implements AudioFiles {
  readonly disk: AudioFiles;
  readonly bucket: AudioFiles;

  constructor(disk: AudioFiles, bucket: AudioFiles) {
    this.disk = disk;
    this.bucket = bucket;
  }

  async open(path: string): Promise<AudioFile | undefined> {
    // A file uploaded between the two looks has left the disk and is in the bucket.
    return (await this.disk.open(path)) ?? (await this.bucket.open(path));
  }

  /** Files that have left the disk are in the bucket. */
  isEmpty(): Promise<boolean> {
    return this.bucket.isEmpty();
  }

  write(path: string, content: Content): Promise<number> {
    return this.disk.write(path, content);
  }

  sync(callId: string): Promise<void> {
    return this.disk.sync(callId);
  }

  async remove(path: string, from: Place = 'everywhere'): Promise<void> {
    await this.disk.remove(path);
    if (from === 'everywhere') await this.bucket.remove(path);
  }

  removeFolder(callId: string): Promise<void> {
    return this.disk.removeFolder(callId);
  }

  async *list(callId?: string, from: Place = 'everywhere'): AsyncGenerator<ListedFile> {
    yield* this.disk.list(callId);
    if (from === 'everywhere') yield* this.bucket.list(callId);
  }

  /** Sweeps the disk only: the uploader knows which uploads to the bucket are unfinished. */
  sweepUnfinished(): Promise<void> {
    return this.disk.sweepUnfinished();
  }
}
