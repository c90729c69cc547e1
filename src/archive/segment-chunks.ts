import type { Span } from '../domain/gap-map.ts';
import {
  type ChunkHeader,
  type ChunkPlace,
  headerBytes,
  MAX_HEADER_BYTES,
  parseChunkHeader,
} from '../protocols/segment/sealed-chunk.ts';
import {
  encodeIndex,
  INDEX_FOOTER_BYTES,
  parseFooter,
  parseIndex,
} from '../protocols/segment/segment-index.ts';
import type { AudioFile } from './audio-files.ts';

/** A chunk and what it covers: whoever seeks looks at nothing else of it. */
export interface KnownChunk extends ChunkPlace {
  readonly covers: Span;
}

/** Headers are looked for in stretches of this length: they hold some dozen chunks of speech. */
const SCAN_BYTES = 262_144;

/**
 * By the file's index, where it has one, else from header to header.
 * @param known of a file that grows: what was found of it before
 */
export async function findChunks(
  file: AudioFile,
  known: readonly KnownChunk[] = [],
): Promise<KnownChunk[]> {
  const last = known.at(-1);
  const places = last
    ? await scan(file, last.end)
    : ((await readIndex(file)) ?? (await scan(file)));
  return [...known, ...places.map((place) => ({ ...place, covers: coverOf(place.header) }))];
}

/**
 * The file's bytes with an index behind them; as it is where it has one already. What a crash cut
 * short stays where it is: this may become the only copy.
 */
export async function withIndex(file: AudioFile): Promise<Buffer> {
  const bytes = await file.read(0, file.size);
  if (await readIndex(file)) return bytes;
  const places = await scan(file);
  const headers = places.map(({ header, start }) =>
    bytes.subarray(start, start + headerBytes(header)),
  );
  return Buffer.concat([bytes, encodeIndex(places, headers)]);
}

async function readIndex(file: AudioFile): Promise<ChunkPlace[] | undefined> {
  const { size } = file;
  const footerStart = Math.max(0, size - INDEX_FOOTER_BYTES);
  const footer = parseFooter(await file.read(footerStart, size), size);
  if (!footer) return undefined;
  return parseIndex(await file.read(footer.start, footer.start + footer.bytes), footer);
}

async function scan(file: AudioFile, from = 0): Promise<ChunkPlace[]> {
  const places: ChunkPlace[] = [];
  let block: Buffer = Buffer.alloc(0);
  let blockStart = 0;
  for (let start = from; start < file.size; ) {
    if (start + MAX_HEADER_BYTES > blockStart + block.length) {
      block = await file.read(start, start + SCAN_BYTES);
      blockStart = start;
    }
    const head = block.subarray(start - blockStart, start - blockStart + MAX_HEADER_BYTES);
    const place = parseChunkHeader(head, start, file.size);
    if (!place) break;
    places.push(place);
    start = place.end;
  }
  return places;
}

function coverOf({ position, runs }: ChunkHeader): Span {
  let [start, end] = [Infinity, -Infinity];
  for (const run of runs) {
    start = Math.min(start, position + run.offset);
    end = Math.max(end, position + run.offset + run.samples);
  }
  return { start, end };
}
