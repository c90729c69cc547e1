import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Content, inBlocks, isOurs } from './audio-files.ts';

/** Names an object. */
interface Named {
  readonly Bucket: string;
  readonly Key: string;
}

/** A store accepts 10,000 parts, none but the last below 5 MiB. */
const PART_BYTES = 8_388_608;
/** 100 kB/s: a slower upload is given up. */
const LEAST_BYTES_PER_MS = 100;

/** Writes objects, large ones in parts, with at most one part in memory. */
export class S3Uploads {
  readonly #client: S3Client;
  readonly #requestTimeoutMs: number;

  constructor(client: S3Client, requestTimeoutMs: number) {
    this.#client = client;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Writes an object: the store compares it with its checksum and stores nothing else. */
  async write(named: Named, content: Content): Promise<number> {
    const parts = inBlocks(content, PART_BYTES);
    try {
      const first = await parts.next();
      const bytes = first.done ? Buffer.alloc(0) : first.value;
      if (bytes.length === PART_BYTES) return await this.#writeParts(named, bytes, parts);
      const put = new PutObjectCommand({ ...named, ...checked(bytes) });
      await this.#client.send(put, this.#limitFor(bytes.length));
      return bytes.length;
    } finally {
      await parts.return(undefined);
    }
  }

  /** Aborts uploads of processes that died: their parts are invisible and take room. */
  async abortAll(bucket: string, prefix: string): Promise<void> {
    let page: Partial<ListMultipartUploadsCommandOutput> = {};
    do {
      const listed = new ListMultipartUploadsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      });
      page = await this.#client.send(listed, this.#limitFor(0));
      for (const { Key, UploadId } of page.Uploads ?? []) {
        if (Key === undefined || !isOurs(Key.slice(prefix.length))) continue;
        const aborted = new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId });
        await this.#client.send(aborted, this.#limitFor(0));
      }
    } while (page.IsTruncated);
  }

  async #writeParts(named: Named, first: Buffer, rest: AsyncIterable<Buffer>): Promise<number> {
    const begun = new CreateMultipartUploadCommand(named);
    const { UploadId } = await this.#client.send(begun, this.#limitFor(0));
    const upload = { ...named, UploadId };
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    let bytes = 0;
    const send = async (part: Buffer): Promise<void> => {
      const PartNumber = Parts.length + 1;
      const sent = new UploadPartCommand({ ...upload, PartNumber, ...checked(part) });
      const { ETag } = await this.#client.send(sent, this.#limitFor(part.length));
      Parts.push({ PartNumber, ETag });
      bytes += part.length;
    };
    try {
      await send(first);
      for await (const part of rest) await send(part);
      const whole = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      // Some stores assemble the parts only now.
      await this.#client.send(whole, this.#limitFor(bytes));
      return bytes;
    } catch (cause) {
      const aborted = new AbortMultipartUploadCommand(upload);
      await this.#client.send(aborted, this.#limitFor(0)).catch(() => undefined);
      throw cause;
    }
  }

  /** Returns the time limit of a request: a large object may take long, as long as it moves. */
  #limitFor(bytes: number): { abortSignal: AbortSignal } {
    const ms = this.#requestTimeoutMs + Math.ceil(bytes / LEAST_BYTES_PER_MS);
    return { abortSignal: AbortSignal.timeout(ms) };
  }
}

function checked(bytes: Buffer): { Body: Buffer; ContentMD5: string } {
  return { Body: bytes, ContentMD5: createHash('md5').update(bytes).digest('base64') };
}
