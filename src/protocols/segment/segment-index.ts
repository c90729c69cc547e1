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
 *   u32  bytes of all that
 *   u32  number of chunks
 *   u32  magic "HSKX"
 *
 * It tells where to look and nothing else: what is found there is authenticated by its own seal.
 */
const MAGIC = 0x48534b58;
const START_BYTES = 6;
export const INDEX_FOOTER_BYTES = 12;

export interface IndexFooter {
  /** Where the index begins, and the last chunk's record ends. */
  readonly start: number;
  readonly bytes: number;
  readonly chunks: number;
}

/** @param headers as they stand at the beginning of each record */
export function encodeIndex(places: readonly ChunkPlace[], headers: readonly Buffer[]): Buffer {
  const parts = places.flatMap(({ start }, index) => {
    const at = Buffer.alloc(START_BYTES);
    at.writeUIntBE(start, 0, START_BYTES);
    return [at, headers[index] ?? Buffer.alloc(0)];
  });
  const body = Buffer.concat(parts);
  const footer = Buffer.alloc(INDEX_FOOTER_BYTES);
  footer.writeUInt32BE(body.length, 0);
  footer.writeUInt32BE(places.length, 4);
  footer.writeUInt32BE(MAGIC, 8);
  return Buffer.concat([body, footer]);
}

/** Undefined where the file has no index. @param footer the file's last 12 bytes */
export function parseFooter(footer: Buffer, fileBytes: number): IndexFooter | undefined {
  if (footer.length < INDEX_FOOTER_BYTES || footer.readUInt32BE(8) !== MAGIC) return undefined;
  const bytes = footer.readUInt32BE(0);
  const start = fileBytes - INDEX_FOOTER_BYTES - bytes;
  return start < 0 ? undefined : { start, bytes, chunks: footer.readUInt32BE(4) };
}

/** Undefined where it is not what a footer promised: the chunks are to be looked for then. */
export function parseIndex(body: Buffer, { start, chunks }: IndexFooter): ChunkPlace[] | undefined {
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
