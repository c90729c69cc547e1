import {
  type ChunkPlace,
  headerBytes,
  isCutShort,
  MAX_HEADER_BYTES,
  MAX_RECORD_BYTES,
  parseChunkHeader,
} from '../../protocols/segment/sealed-chunk.ts';
import {
  encodeIndex,
  INDEX_FOOTER_BYTES,
  indexEntry,
  indexedPlaces,
  parseFooter,
} from '../../protocols/segment/segment-index.ts';
import type { AudioFile } from './audio-files.ts';

/** Block size for reading a file from beginning to end. */
const BLOCK_BYTES = 262_144;

/** The index of a file; its chunks may be iterated repeatedly. */
interface FileIndex {
  /** Offset at which the chunks end. */
  readonly start: number;
  places(): Generator<ChunkPlace, boolean>;
}

/** Reads a file's index; returns undefined if there is none, or it is not what was written. */
export async function readIndex(file: AudioFile): Promise<FileIndex | undefined> {
  const { size } = file;
  const footer = parseFooter(await file.read(Math.max(0, size - INDEX_FOOTER_BYTES), size), size);
  if (!footer) return undefined;
  const bytes = await file.read(footer.start, footer.start + footer.bytes);
  const places = () => indexedPlaces(bytes, footer);
  return isWhole(places()) ? { start: footer.start, places } : undefined;
}

/** Yields the file's bytes from beginning to end. */
export async function* bytesOf(file: AudioFile): AsyncGenerator<Buffer> {
  for (let start = 0; start < file.size; start += BLOCK_BYTES) {
    yield await file.read(start, start + BLOCK_BYTES);
  }
}

/**
 * Yields the file's bytes followed by an index; unchanged if it has one already or is not whole,
 * since a reader then searches for chunks. Bytes after a crash's cut stay in place: this may become
 * the only copy.
 */
export async function* withIndex(file: AudioFile): AsyncGenerator<Buffer> {
  const index = (await readIndex(file)) ? undefined : await indexOf(file);
  yield* bytesOf(file);
  if (index) yield index;
}

/** Builds the index; returns undefined for a file that is not whole. */
async function indexOf(file: AudioFile): Promise<Buffer | undefined> {
  const { size } = file;
  const entries: Buffer[] = [];
  let start = 0;
  while (start < size) {
    const head = await file.read(start, start + MAX_HEADER_BYTES);
    const place = parseChunkHeader(head, start, size);
    if (!place || place.header.number !== entries.length) break;
    entries.push(indexEntry(start, head.subarray(0, headerBytes(place.header))));
    start = place.end;
  }
  const rest = size - start;
  const isLast = rest < MAX_RECORD_BYTES && isCutShort(await file.read(start, size));
  return rest === 0 || isLast ? encodeIndex(entries) : undefined;
}

function isWhole(places: Generator<ChunkPlace, boolean>): boolean {
  for (;;) {
    const { done, value } = places.next();
    if (done) return value;
  }
}
