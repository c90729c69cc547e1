import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { AudioAwayError } from '../../domain/model/errors.ts';
import {
  type AudioFile,
  type AudioFiles,
  type Content,
  isOurs,
  type ListedFile,
} from './audio-files.ts';
import { S3Uploads } from './s3-uploads.ts';

/** Where the bucket is; plain values, so that they cross to a thread. */
export interface S3Settings {
  /** Of a store that is not Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Before every key: `hush/`. */
  readonly prefix: string;
  /** Without them: from where the SDK looks (environment, instance role). */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** `bucket` in the path instead of the host name. */
  readonly forcePathStyle: boolean;
  readonly requestTimeoutMs: number;
}

/** Who reads on gets this much at once, and twice as much each time up to the most. */
const READ_AHEAD_BYTES = 262_144;
const MAX_READ_AHEAD_BYTES = 2_097_152;
const MAX_ATTEMPTS = 3;

/** A bucket of an S3-compatible store. */
export class S3Files implements AudioFiles {
  readonly #settings: S3Settings;
  readonly #client: S3Client;
  readonly #uploads: S3Uploads;

  constructor(settings: S3Settings) {
    const { endpoint, region, accessKeyId, secretAccessKey, forcePathStyle } = settings;
    this.#settings = settings;
    this.#client = new S3Client({
      ...{ region, forcePathStyle, maxAttempts: MAX_ATTEMPTS },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId, secretAccessKey } }),
      // Content-MD5 is checked by every store; the newer checksums are not known to all of them.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    this.#uploads = new S3Uploads(this.#client, settings.requestTimeoutMs);
  }

  async open(path: string): Promise<AudioFile | undefined> {
    const head = await ifThere(
      this.#client.send(new HeadObjectCommand(this.#named(path)), this.#limit),
    ).catch(away);
    if (!head) return this.#isMissing(path).catch(away);
    mustBeSealed(head);
    const size = head.ContentLength ?? 0;
    return new RemoteFile(size, (start, end) => this.#read(path, { start, end, size }).catch(away));
  }

  async isEmpty(): Promise<boolean> {
    try {
      for await (const { path } of this.list()) if (isOurs(path)) return false;
      return true;
    } catch (cause) {
      return away(cause);
    }
  }

  write(path: string, content: Content): Promise<number> {
    return this.#uploads.write(this.#named(path), content);
  }

  async sync(): Promise<void> {
    // What the store has answered is durable.
  }

  async remove(path: string): Promise<void> {
    await ifThere(this.#client.send(new DeleteObjectCommand(this.#named(path)), this.#limit));
  }

  async removeFolder(): Promise<void> {
    // A prefix is there as long as something begins with it.
  }

  async *list(callId?: string): AsyncGenerator<ListedFile> {
    const { bucket, prefix } = this.#settings;
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          ...{ Bucket: bucket, Prefix: callId === undefined ? prefix : `${prefix}${callId}/` },
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        this.#limit,
      );
      for (const { Key: key, Size: bytes = 0 } of page.Contents ?? []) {
        if (key !== undefined) yield { path: key.slice(prefix.length), bytes };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  sweepUnfinished(): Promise<void> {
    const { bucket, prefix } = this.#settings;
    return this.#uploads.abortAll(bucket, prefix);
  }

  /** Nothing but the whole stretch that was asked for, of the object that was opened. */
  async #read(path: string, { start, end, size }: Stretch): Promise<Buffer> {
    const answer = await this.#get(path, `bytes=${start}-${end - 1}`);
    mustBeSealed(answer);
    const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    const whole = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
    if (body.length === end - start && (whole === undefined || Number(whole) === size)) return body;
    throw new Error(`${body.length} bytes of ${whole ?? size} came for ${end - start} of ${size}`);
  }

  #get(path: string, range: string) {
    const asked = new GetObjectCommand({ ...this.#named(path), Range: range });
    return this.#client.send(asked, this.#limit);
  }

  /**
   * An answer to HEAD has no words, and 404 is what a bucket that is not there, and any proxy, says
   * as well: only the store's own words for a key that it does not hold are believed.
   */
  async #isMissing(path: string): Promise<undefined> {
    try {
      const { Body: body } = await this.#get(path, 'bytes=0-0');
      await body?.transformToByteArray();
    } catch (cause) {
      if (cause instanceof S3ServiceException && cause.name === 'NoSuchKey') return undefined;
      throw cause;
    }
    throw new Error('what is not there by HEAD is there by GET');
  }

  #named(path: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.#settings;
    return { Bucket: bucket, Key: `${prefix}${path}` };
  }

  get #limit(): { abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.#settings.requestTimeoutMs) };
  }
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Of the whole object, as it was opened. */
  readonly size: number;
}

/** A page that somebody on the way put in the object's place is not the object. */
function mustBeSealed({ ContentType: type }: { ContentType?: string | undefined }): void {
  if (type?.startsWith('text/html')) throw new AudioAwayError('a page came instead of the object');
}

/** The store does not say that there is nothing: it says nothing. */
function away(cause: unknown): never {
  if (cause instanceof AudioAwayError) throw cause;
  const why = cause instanceof Error ? cause.message || cause.name : 'unknown failure';
  throw new AudioAwayError(`the bucket does not give a recording: ${why}`, { cause });
}

/** An object that is read in stretches: the last one is kept, since readers go forward. */
class RemoteFile implements AudioFile {
  readonly size: number;
  readonly #read: (start: number, end: number) => Promise<Buffer>;
  #kept: { start: number; bytes: Buffer } = { start: -1, bytes: Buffer.alloc(0) };
  #aheadBytes = READ_AHEAD_BYTES;

  constructor(size: number, read: (start: number, end: number) => Promise<Buffer>) {
    this.size = size;
    this.#read = read;
  }

  async read(start: number, end: number): Promise<Buffer> {
    const until = Math.min(end, this.size);
    if (until <= start) return Buffer.alloc(0);
    const keptEnd = this.#kept.start + this.#kept.bytes.length;
    if (start < this.#kept.start || until > keptEnd) {
      const goesOn = start >= this.#kept.start && start <= keptEnd;
      const most = goesOn ? MAX_READ_AHEAD_BYTES : READ_AHEAD_BYTES;
      this.#aheadBytes = Math.min(most, this.#aheadBytes * 2);
      const ahead = Math.min(this.size, Math.max(until, start + this.#aheadBytes));
      this.#kept = { start, bytes: await this.#read(start, ahead) };
    }
    return this.#kept.bytes.subarray(start - this.#kept.start, until - this.#kept.start);
  }

  async close(): Promise<void> {
    this.#kept.bytes = Buffer.alloc(0);
  }
}

/** Undefined where there is no such object. */
async function ifThere<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (cause) {
    const isMissing =
      cause instanceof S3ServiceException &&
      (cause.name === 'NoSuchKey' || cause.$metadata.httpStatusCode === 404);
    // A bucket that is not there is no empty bucket.
    if (isMissing && cause.name !== 'NoSuchBucket') return undefined;
    throw cause;
  }
}
