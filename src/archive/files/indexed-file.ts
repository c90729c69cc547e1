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

/** What a file is read in from its beginning to its end. */
const BLOCK_BYTES = 262_144;

/** Of a file that has one; its chunks as often as they are asked for. */
interface FileIndex {
  /** Where the chunks end. */
  readonly start: number;
  places(): Generator<ChunkPlace, boolean>;
}

/** Undefined where there is none, or it is not what was written. */
export async function readIndex(file: AudioFile): Promise<FileIndex | undefined> {
  const { size } = file;
  const footer = parseFooter(await file.read(Math.max(0, size - INDEX_FOOTER_BYTES), size), size);
  if (!footer) return undefined;
  const bytes = await file.read(footer.start, footer.start + footer.bytes);
  const places = () => indexedPlaces(bytes, footer);
  return isWhole(places()) ? { start: footer.start, places } : undefined;
}

/** The file's bytes from its beginning to its end. */
export async function* bytesOf(file: AudioFile): AsyncGenerator<Buffer> {
  for (let start = 0; start < file.size; start += BLOCK_BYTES) {
    yield await file.read(start, start + BLOCK_BYTES);
  }
}

/**
 * The file's bytes with an index behind them; as it is where it has one already, or where it is not
 * whole: whoever reads it then looks for what is. What a crash cut short stays where it is: this
 * may become the only copy.
 */
export async function* withIndex(file: AudioFile): AsyncGenerator<Buffer> {
  const index = (await readIndex(file)) ? undefined : await indexOf(file);
  yield* bytesOf(file);
  if (index) yield index;
}

/** Undefined for a file that is not whole. */
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
