import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { AudioAwayError } from '../domain/errors.ts';
import type { AudioFile, AudioFiles, ListedFile } from './audio-files.ts';

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

/** Who reads on gets this much at once. */
const READ_AHEAD_BYTES = 262_144;
const MAX_ATTEMPTS = 3;
/** 100 kB/s: what is slower than that does not come through. */
const LEAST_BYTES_PER_MS = 100;

/** A bucket of an S3-compatible store. */
export class S3Files implements AudioFiles {
  readonly #settings: S3Settings;
  readonly #client: S3Client;

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
    const first = await this.list().next().catch(away);
    return first.done === true;
  }

  /** The store compares what arrives with its checksum, and stores nothing else. */
  async write(path: string, bytes: Buffer): Promise<void> {
    const md5 = createHash('md5').update(bytes).digest('base64');
    await this.#client.send(
      new PutObjectCommand({ ...this.#named(path), Body: bytes, ContentMD5: md5 }),
      // A large object may take its time, as long as it moves at all.
      this.#limitFor(bytes.length),
    );
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
    return this.#limitFor(0);
  }

  #limitFor(bytes: number): { abortSignal: AbortSignal } {
    const ms = this.#settings.requestTimeoutMs + Math.ceil(bytes / LEAST_BYTES_PER_MS);
    return { abortSignal: AbortSignal.timeout(ms) };
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
  #kept: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  constructor(size: number, read: (start: number, end: number) => Promise<Buffer>) {
    this.size = size;
    this.#read = read;
  }

  async read(start: number, end: number): Promise<Buffer> {
    const until = Math.min(end, this.size);
    if (until <= start) return Buffer.alloc(0);
    if (start < this.#kept.start || until > this.#kept.start + this.#kept.bytes.length) {
      const ahead = Math.min(this.size, Math.max(until, start + READ_AHEAD_BYTES));
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
