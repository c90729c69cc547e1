import { ProtocolError } from './errors.ts';

/** JSON records end in 0x1E; MessagePack records begin with their length (hub protocol). */
export type RecordFraming = 'separator' | 'lengthPrefix';

export const RECORD_SEPARATOR = 0x1e;

const MAX_PREFIX_BYTES = 5;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a transport's data into records. Transports keep no boundaries: one chunk may hold several
 * records, and the last of them may be incomplete. Lengths are checked before anything is awaited,
 * so at most `maxRecordBytes` and one chunk are ever held.
 */
export class RecordReader {
  framing: RecordFraming = 'separator';
  readonly #maxRecordBytes: number;
  #rest: Buffer = NOTHING;

  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = maxRecordBytes;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** Returns the next whole record without its framing. Throws ProtocolError. */
  next(): Buffer | undefined {
    if (this.#rest.length === 0) return undefined;
    return this.framing === 'separator' ? this.#untilSeparator() : this.#byLength();
  }

  /** Clears the buffer: a new socket starts at a record's first byte (stateful reconnect). */
  clear(): void {
    this.#rest = NOTHING;
  }

  #untilSeparator(): Buffer | undefined {
    const end = this.#rest.indexOf(RECORD_SEPARATOR);
    this.#checkLength(end === -1 ? this.#rest.length : end);
    return end === -1 ? undefined : this.#take(0, end, end + 1);
  }

  #byLength(): Buffer | undefined {
    const prefix = readLengthPrefix(this.#rest);
    if (prefix === undefined) return undefined;
    this.#checkLength(prefix.length);
    const end = prefix.size + prefix.length;
    return this.#rest.length < end ? undefined : this.#take(prefix.size, end, end);
  }

  #take(start: number, end: number, next: number): Buffer {
    const record = this.#rest.subarray(start, end);
    this.#rest = next === this.#rest.length ? NOTHING : this.#rest.subarray(next);
    return record;
  }

  #checkLength(length: number): void {
    if (length > this.#maxRecordBytes) {
      throw new ProtocolError(`The maximum message size of ${this.#maxRecordBytes}B was exceeded.`);
    }
  }
}

/** Section "Binary encoding": a VarInt of 1 to 5 bytes, least significant group first. */
function readLengthPrefix(bytes: Buffer): { length: number; size: number } | undefined {
  let length = 0;
  for (let index = 0; index < MAX_PREFIX_BYTES; index++) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { length, size: index + 1 };
  }
  throw new ProtocolError('The length prefix of a message is longer than 5 bytes.');
}

/** Returns the record of a MessagePack body: length prefix and body, in one buffer of its own. */
export function withLengthPrefix(body: Uint8Array): Buffer {
  const prefix: number[] = [];
  let left = body.length;
  do {
    const group = left & 0x7f;
    left >>>= 7;
    prefix.push(left > 0 ? group | 0x80 : group);
  } while (left > 0);
  const record = Buffer.allocUnsafe(prefix.length + body.length);
  record.set(prefix, 0);
  record.set(body, prefix.length);
  return record;
}
