import { createCipheriv, createDecipheriv } from 'node:crypto';

/*
 * A segment file is a row of sealed chunks, appended one after the other. Integers are big-endian.
 *
 *   0  u32  magic "HSK1"
 *   4  u32  bytes of the whole record
 *   8  u32  chunk's number in its segment, from 0: with the segment's own key it makes the nonce
 *  12  i64  base position, in samples on the call's clock
 *  20  u16  codec
 *  22  u16  number of runs
 *  24  per run: i32 offset from the base position, u32 samples, u8 kind, u24 bytes
 *   .  AES-256-GCM ciphertext of the runs' audio, one after the other
 *   .  16 bytes of tag
 *
 * Everything before the ciphertext, and which call, track and segment it belongs to, is
 * authenticated, so that a chunk can be neither altered nor moved. A record that a crash cut short
 * is not read.
 */
export const CHUNK_MAGIC = 0x48534b31;
const HEADER_BYTES = 24;
const RUN_BYTES = 12;
const TAG_BYTES = 16;

/** More stretches than this start another chunk. */
export const MAX_RUNS = 128;
export const MAX_HEADER_BYTES = HEADER_BYTES + MAX_RUNS * RUN_BYTES;
/** A longer record is not ours. */
export const MAX_RECORD_BYTES = 1024 * 1024;

export const segmentCodecs = ['PCMU', 'PCMA', 'G722', 'L16', 'OPUS'] as const;
export type SegmentCodec = (typeof segmentCodecs)[number];

/**
 * Kinds of runs: audio or, without bytes, the reason why expected audio is absent. `lost`: it was
 * there, and was damaged before the segment was sealed anew.
 */
export const runKinds = ['audio', 'dtmf', 'silence', 'erased', 'lost'] as const;
export type RunKind = (typeof runKinds)[number];

/**
 * A stretch of audio without loss, or of audio left out on purpose. A run of Opus is one packet
 * (RFC 7587 section 4.2), which cannot be divided without decoding.
 */
export interface Run {
  readonly kind: RunKind;
  /** Samples from the chunk's base position; negative for a packet that came late. */
  readonly offset: number;
  readonly samples: number;
  readonly bytes: number;
}

export interface ChunkHeader {
  readonly number: number;
  readonly position: number;
  readonly codec: SegmentCodec;
  readonly runs: readonly Run[];
}

/** Place of a header, and the end of its record. */
export interface ChunkPlace {
  readonly header: ChunkHeader;
  readonly start: number;
  readonly end: number;
}

export interface SegmentIdentity {
  readonly callId: string;
  readonly track: number;
  readonly segment: number;
  /** How often it has been sealed anew; 0 or omitted: it is as it was recorded. */
  readonly generation?: number;
}

/** Extent of a segment, in units of its track's clock. */
export interface SegmentExtent {
  readonly start: number;
  readonly end: number;
  readonly chunks: number;
}

/** Returns a segment's extent with one more chunk: from its first to its last position. */
export function extentWith(
  extent: SegmentExtent,
  { position, runs }: Omit<ChunkHeader, 'number'>,
): SegmentExtent {
  const chunks = extent.chunks + 1;
  let [start, end] = chunks === 1 ? [Infinity, -Infinity] : [extent.start, extent.end];
  for (const { offset, samples } of runs) {
    start = Math.min(start, position + offset);
    end = Math.max(end, position + offset + samples);
  }
  return { start, end, chunks };
}

/** Returns the path of a segment's file below the recordings folder. */
export function segmentFile({ callId, track, segment, generation = 0 }: SegmentIdentity): string {
  const suffix = generation === 0 ? '' : `.${generation}`;
  return `${callId}/${track}-${segment}${suffix}.seg`;
}

export function identityBytes({ callId, track, segment, generation = 0 }: SegmentIdentity): Buffer {
  const suffix = generation === 0 ? '' : `/${generation}`;
  return Buffer.from(`${callId}/${track}/${segment}${suffix}`);
}

/** Returns the length of a record with that many runs, before its ciphertext. */
export function headerBytes({ runs }: Pick<ChunkHeader, 'runs'>): number {
  return HEADER_BYTES + runs.length * RUN_BYTES;
}

function nonce(number: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(number, 8);
  return bytes;
}

export interface SealRequest {
  readonly key: Buffer;
  /** Made by `identityBytes`. */
  readonly identity: Buffer;
  readonly header: ChunkHeader;
}

/** Buffer for assembling a record: identity, header, ciphertext, tag. */
let room = Buffer.allocUnsafeSlow(32_768);

/** Seals `audio`, which holds the bytes of all runs in order. */
export function sealChunk(request: SealRequest, audio: Uint8Array): Buffer {
  return Buffer.from(lendSealedChunk(request, audio));
}

/**
 * Seals for immediate writing: the record is the caller's only until the next one is sealed. Many
 * streams are sealed every second, and this leaves no garbage behind.
 */
export function lendSealedChunk({ key, identity, header }: SealRequest, audio: Uint8Array): Buffer {
  const start = identity.length;
  const audioStart = start + HEADER_BYTES + header.runs.length * RUN_BYTES;
  const end = audioStart + audio.length + TAG_BYTES;
  if (room.length < end) room = Buffer.allocUnsafeSlow(end);
  const record = room.subarray(start, end);
  room.set(identity);
  writeHeader(record, header);
  const cipher = createCipheriv('aes-256-gcm', key, nonce(header.number));
  cipher.setAAD(room.subarray(0, audioStart));
  room.set(cipher.update(audio), audioStart);
  cipher.final();
  room.set(cipher.getAuthTag(), end - TAG_BYTES);
  return record;
}

/**
 * Returns true if the file ends within a record, as a crash leaves the last one.
 * @param rest the file's last bytes, from where a record should begin
 */
export function isCutShort(rest: Buffer): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(CHUNK_MAGIC, 0);
  if (!rest.subarray(0, 4).equals(magic.subarray(0, Math.min(4, rest.length)))) return false;
  const bytes = rest.length < 8 ? MAX_RECORD_BYTES : rest.readUInt32BE(4);
  return bytes > rest.length && bytes <= MAX_RECORD_BYTES;
}

/**
 * Returns the audio of one whole record. Throws when key, identity or bytes are not those it was
 * sealed with.
 * @param record the bytes from `place.start` to `place.end`
 */
export function openChunk(
  record: Buffer,
  place: ChunkPlace,
  seal: Omit<SealRequest, 'header'>,
): Buffer {
  const headerEnd = HEADER_BYTES + place.header.runs.length * RUN_BYTES;
  const tagStart = record.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', seal.key, nonce(place.header.number));
  decipher.setAAD(Buffer.concat([seal.identity, record.subarray(0, headerEnd)]));
  decipher.setAuthTag(record.subarray(tagStart));
  const audio = decipher.update(record.subarray(headerEnd, tagStart));
  decipher.final();
  return audio;
}

function writeHeader(record: Buffer, header: ChunkHeader): void {
  record.writeUInt32BE(CHUNK_MAGIC, 0);
  record.writeUInt32BE(record.length, 4);
  record.writeUInt32BE(header.number, 8);
  record.writeBigInt64BE(BigInt(header.position), 12);
  record.writeUInt16BE(segmentCodecs.indexOf(header.codec), 20);
  record.writeUInt16BE(header.runs.length, 22);
  let at = HEADER_BYTES;
  for (const run of header.runs) {
    record.writeInt32BE(run.offset, at);
    record.writeUInt32BE(run.samples, at + 4);
    record.writeUInt8(runKinds.indexOf(run.kind), at + 8);
    record.writeUIntBE(run.bytes, at + 9, 3);
    at += RUN_BYTES;
  }
}

/**
 * Reads the header of the record that begins at `start` of a file of `fileBytes`. Returns undefined
 * at the file's end, for a record that a crash cut short, and for a length that is not the sum of
 * its parts.
 * @param head at least `MAX_HEADER_BYTES` from `start`, or all that the file has
 */
export function parseChunkHeader(
  head: Buffer,
  start: number,
  fileBytes: number,
): ChunkPlace | undefined {
  if (head.length < HEADER_BYTES || head.readUInt32BE(0) !== CHUNK_MAGIC) return undefined;
  const bytes = head.readUInt32BE(4);
  const codec = segmentCodecs[head.readUInt16BE(20)];
  const count = head.readUInt16BE(22);
  const headerBytes = HEADER_BYTES + count * RUN_BYTES;
  if (bytes > MAX_RECORD_BYTES || bytes < headerBytes + TAG_BYTES) return undefined;
  if (start + bytes > fileBytes || head.length < headerBytes || codec === undefined)
    return undefined;
  const runs: Run[] = [];
  for (let at = HEADER_BYTES; at < headerBytes; at += RUN_BYTES) {
    const kind = runKinds[head.readUInt8(at + 8)];
    if (kind === undefined) return undefined;
    runs.push({
      kind,
      offset: head.readInt32BE(at),
      samples: head.readUInt32BE(at + 4),
      bytes: head.readUIntBE(at + 9, 3),
    });
  }
  const audioBytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  if (bytes !== headerBytes + audioBytes + TAG_BYTES) return undefined;
  const number = head.readUInt32BE(8);
  const position = Number(head.readBigInt64BE(12));
  return { header: { number, position, codec, runs }, start, end: start + bytes };
}
