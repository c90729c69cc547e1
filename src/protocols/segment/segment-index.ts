import { crc32 } from 'node:zlib';
import {
  type ChunkPlace,
  headerBytes,
  MAX_HEADER_BYTES,
  parseChunkHeader,
} from './sealed-chunk.ts';

/*
 * A finished segment may carry an index behind its last chunk: where each chunk begins, and its
 * header, so that whoever seeks in a file far away reads two stretches instead of all. Integers are
 * big-endian.
 *
 *   per chunk: u48 where its record begins, its header as it stands there
 *   u32  CRC-32 of all that; an older release wrote none
 *   u32  bytes of all that
 *   u32  number of chunks
 *   u32  magic "HSKC"; "HSKX" where there is no CRC
 *
 * It tells where to look and nothing else: what is found there is authenticated by its own seal. An
 * index that is damaged would hide chunks that are whole: the CRC tells, and they are looked for.
 */
const MAGIC = 0x48534b43;
const MAGIC_WITHOUT_CRC = 0x48534b58;
const START_BYTES = 6;
const CRC_BYTES = 4;
export const INDEX_FOOTER_BYTES = 12;

export interface IndexFooter {
  /** Where the index begins, and the last chunk's record ends. */
  readonly start: number;
  readonly bytes: number;
  readonly chunks: number;
  /** Of the bytes, the last ones are their CRC. */
  readonly hasCrc: boolean;
}

/** @param headers as they stand at the beginning of each record */
export function encodeIndex(places: readonly ChunkPlace[], headers: readonly Buffer[]): Buffer {
  const parts = places.flatMap(({ start }, index) => {
    const at = Buffer.alloc(START_BYTES);
    at.writeUIntBE(start, 0, START_BYTES);
    return [at, headers[index] ?? Buffer.alloc(0)];
  });
  const body = Buffer.concat(parts);
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32BE(crc32(body), 0);
  const footer = Buffer.alloc(INDEX_FOOTER_BYTES);
  footer.writeUInt32BE(body.length + CRC_BYTES, 0);
  footer.writeUInt32BE(places.length, 4);
  footer.writeUInt32BE(MAGIC, 8);
  return Buffer.concat([body, crc, footer]);
}

/** Undefined where the file has no index. @param footer the file's last 12 bytes */
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

/** Undefined where it is not what a footer promised: the chunks are to be looked for then. */
export function parseIndex(bytes: Buffer, footer: IndexFooter): ChunkPlace[] | undefined {
  const { start, chunks, hasCrc } = footer;
  const body = hasCrc ? bytes.subarray(0, bytes.length - CRC_BYTES) : bytes;
  if (hasCrc && bytes.readUInt32BE(body.length) !== crc32(body)) return undefined;
  const places: ChunkPlace[] = [];
  let at = 0;
  for (let index = 0; index < chunks; index += 1) {
    if (at + START_BYTES > body.length) return undefined;
    const recordStart = body.readUIntBE(at, START_BYTES);
    const head = body.subarray(at + START_BYTES, at + START_BYTES + MAX_HEADER_BYTES);
    const place = parseChunkHeader(head, recordStart, start);
    if (!place) return undefined;
    places.push(place);
    at += START_BYTES + headerBytes(place.header);
  }
  return at === body.length ? places : undefined;
}
