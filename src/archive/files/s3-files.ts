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

/** The location of the bucket, in plain values that cross to a thread. */
export interface S3Settings {
  /** Endpoint of a store other than Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Prefix of every key: `hush/`. */
  readonly prefix: string;
  /** Without credentials the SDK looks for them (environment, instance role). */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Puts `bucket` in the path instead of the host name. */
  readonly forcePathStyle: boolean;
  readonly requestTimeoutMs: number;
}

/** A sequential reader gets this much at once, and twice as much each time up to the maximum. */
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
      region,
      forcePathStyle,
      maxAttempts: MAX_ATTEMPTS,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId, secretAccessKey } }),
      // Every store checks Content-MD5; not all know the newer checksums.
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
    // An object is durable once the store has answered.
  }

  async remove(path: string): Promise<void> {
    await ifThere(this.#client.send(new DeleteObjectCommand(this.#named(path)), this.#limit));
  }

  async removeFolder(): Promise<void> {
    // A prefix exists as long as a key begins with it.
  }

  async *list(callId?: string): AsyncGenerator<ListedFile> {
    const { bucket, prefix } = this.#settings;
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: callId === undefined ? prefix : `${prefix}${callId}/`,
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

  /** Returns exactly the stretch requested, of the object that was opened. */
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
   * An answer to HEAD has no body, and a missing bucket or any proxy answers 404 as well: only the
   * store's own error for an unknown key is believed.
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
  /** Size of the whole object when it was opened. */
  readonly size: number;
}

/** Rejects a page that a proxy sent in place of the object. */
function mustBeSealed({ ContentType: type }: { ContentType?: string | undefined }): void {
  if (type?.startsWith('text/html')) throw new AudioAwayError('a page came instead of the object');
}

/** Throws: an unreachable store does not prove that an object is missing. */
function away(cause: unknown): never {
  if (cause instanceof AudioAwayError) throw cause;
  const why = cause instanceof Error ? cause.message || cause.name : 'unknown failure';
  throw new AudioAwayError(`the bucket does not give a recording: ${why}`, { cause });
}

/** An object read in stretches; the last one is cached, since readers move forward. */
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

/** Returns undefined if there is no such object. */
async function ifThere<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (cause) {
    const isMissing =
      cause instanceof S3ServiceException &&
      (cause.name === 'NoSuchKey' || cause.$metadata.httpStatusCode === 404);
    // A missing bucket is not an empty bucket.
    if (isMissing && cause.name !== 'NoSuchBucket') return undefined;
    throw cause;
  }
}
