import { crc32 } from 'node:zlib';
import {
  type ChunkPlace,
  headerBytes,
  MAX_HEADER_BYTES,
  parseChunkHeader,
} from './sealed-chunk.ts';

/*
 * A finished segment may carry an index behind its last chunk: where each chunk begins, and its
 * header, so that seeking in a remote file needs two reads instead of all of it. Integers are
 * big-endian.
 *
 *   per chunk: u48 where its record begins, its header as it stands there
 *   u32  CRC-32 of all that; an older release wrote none
 *   u32  bytes of all that
 *   u32  number of chunks
 *   u32  magic "HSKC"; "HSKX" where there is no CRC
 *
 * The index only locates chunks, which their own seals authenticate. A damaged index would hide
 * whole chunks: the CRC reveals the damage, and the chunks are then searched for.
 */
const MAGIC = 0x48534b43;
const MAGIC_WITHOUT_CRC = 0x48534b58;
const START_BYTES = 6;
const CRC_BYTES = 4;
export const INDEX_FOOTER_BYTES = 12;

export interface IndexFooter {
  /** Beginning of the index, which is the end of the last chunk's record. */
  readonly start: number;
  readonly bytes: number;
  readonly chunks: number;
  /** True when the last bytes are the CRC. */
  readonly hasCrc: boolean;
}

/** @param header as it stands at the beginning of the record */
export function indexEntry(start: number, header: Buffer): Buffer {
  const entry = Buffer.alloc(START_BYTES + header.length);
  entry.writeUIntBE(start, 0, START_BYTES);
  entry.set(header, START_BYTES);
  return entry;
}

/** @param entries one per chunk, in order */
export function encodeIndex(entries: readonly Buffer[]): Buffer {
  const body = Buffer.concat(entries);
  const end = Buffer.alloc(CRC_BYTES + INDEX_FOOTER_BYTES);
  end.writeUInt32BE(crc32(body), 0);
  end.writeUInt32BE(body.length + CRC_BYTES, CRC_BYTES);
  end.writeUInt32BE(entries.length, CRC_BYTES + 4);
  end.writeUInt32BE(MAGIC, CRC_BYTES + 8);
  return Buffer.concat([body, end]);
}

/** Returns undefined for a file without index. @param footer the file's last 12 bytes */
export function parseFooter(footer: Buffer, fileBytes: number): IndexFooter | undefined {
  if (footer.length < INDEX_FOOTER_BYTES) return undefined;
  const magic = footer.readUInt32BE(8);
  if (magic !== MAGIC && magic !== MAGIC_WITHOUT_CRC) return undefined;
  const hasCrc = magic === MAGIC;
  const bytes = footer.readUInt32BE(0);
  const start = fileBytes - INDEX_FOOTER_BYTES - bytes;
  if (start < 0 || (hasCrc && bytes < CRC_BYTES)) return undefined;
  return { start, bytes, chunks: footer.readUInt32BE(4), hasCrc };
}

/**
 * Yields the chunks that it names, one after the other: together they are much larger than the
 * index. Returns false at the end if it contradicts its footer: search for the chunks then.
 */
export function* indexedPlaces(bytes: Buffer, footer: IndexFooter): Generator<ChunkPlace, boolean> {
  const { start, chunks, hasCrc } = footer;
  const body = hasCrc ? bytes.subarray(0, bytes.length - CRC_BYTES) : bytes;
  if (hasCrc && bytes.readUInt32BE(body.length) !== crc32(body)) return false;
  let at = 0;
  for (let index = 0; index < chunks; index += 1) {
    if (at + START_BYTES > body.length) return false;
    const recordStart = body.readUIntBE(at, START_BYTES);
    const head = body.subarray(at + START_BYTES, at + START_BYTES + MAX_HEADER_BYTES);
    const place = parseChunkHeader(head, recordStart, start);
    if (!place) return false;
    yield place;
    at += START_BYTES + headerBytes(place.header);
  }
  return at === body.length;
}
