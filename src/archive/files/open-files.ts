import type { AudioFile, AudioFiles, Content, ListedFile, Place } from './audio-files.ts';
import { type BucketMark, MarkedFiles } from './bucket-mark.ts';
import { DiskFiles } from './disk-files.ts';
import { S3Files, type S3Settings } from './s3-files.ts';

/** Where sealed audio lies; plain values, so that they cross to a thread. */
export interface FilesSettings {
  readonly recordingsDir: string;
  readonly s3?: S3Settings | undefined;
}

/** As the configuration has it: without a bucket there is only the disk. */
export function filesSettingsOf(
  recordingsDir: string,
  { bucket, ...s3 }: Omit<S3Settings, 'bucket'> & { readonly bucket?: string | undefined },
): FilesSettings {
  return bucket === undefined ? { recordingsDir } : { recordingsDir, s3: { ...s3, bucket } };
}

/**
 * The disk; before a bucket, where there is one, it is the spool that calls are recorded to.
 * @param mark of whoever changes something in the bucket
 */
export function openFiles({ recordingsDir, s3 }: FilesSettings, mark?: BucketMark): AudioFiles {
  const disk = new DiskFiles(recordingsDir);
  if (!s3) return disk;
  const bucket = new S3Files(s3);
  return new SpooledFiles(disk, mark ? new MarkedFiles(bucket, mark) : bucket);
}

/** What is on disk is newer than what is in the bucket, or as new. */
export class SpooledFiles implements AudioFiles {
  readonly disk: AudioFiles;
  readonly bucket: AudioFiles;

  constructor(disk: AudioFiles, bucket: AudioFiles) {
    this.disk = disk;
    this.bucket = bucket;
  }

  async open(path: string): Promise<AudioFile | undefined> {
    // Uploaded between the two looks: it has left the disk, and is in the bucket.
    return (await this.disk.open(path)) ?? (await this.bucket.open(path));
  }

  /** What has left the disk is in the bucket. */
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

  /** Of the disk: who uploads knows what of the bucket is being written. */
  sweepUnfinished(): Promise<void> {
    return this.disk.sweepUnfinished();
  }
}
