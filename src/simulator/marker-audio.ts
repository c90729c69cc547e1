/**
 * Audio that identifies its frame, for proof by search: a recorded frame is found in the file, and
 * a paused one must not be. A frame is one block of 16 bytes, ten times over:
 *
 *   0xc5 0x3a | stream tag, 4 nibbles | frame index, 8 nibbles | check, 2 nibbles
 *
 * A nibble is a byte 0x90 to 0x9f. None of these bytes is 0x7f or 0xff, the two zeros of mu-law, so
 * decoding to PCM16 and encoding again gives the same bytes, in mu-law and in A-law.
 */
export interface Marker {
  /** 0 to 65,535 */
  readonly streamTag: number;
  /** Frame number in its stream, 0 to 2^32-1. */
  readonly index: number;
}

export const MARKER_FRAME_BYTES = 160;
export const MARKER_BLOCK_BYTES = 16;

const MAGIC = Buffer.from([0xc5, 0x3a]);
const NIBBLE = 0x90;
const CHECK_START = 14;

/** Returns 20 ms of G.711 that carries the marker ten times. */
export function markerFrame(streamTag: number, index: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(MARKER_FRAME_BYTES, markerNeedle(streamTag, index)));
}

/** Returns the block to search for in a file's bytes; no other frame of any stream holds it. */
export function markerNeedle(streamTag: number, index: number): Buffer {
  const block = Buffer.alloc(MARKER_BLOCK_BYTES);
  MAGIC.copy(block);
  writeNibbles(block, 2, 4, streamTag);
  writeNibbles(block, 6, 8, index);
  writeNibbles(block, CHECK_START, 2, checkOf(block));
  return block;
}

/** Returns the first whole marker in `bytes`, wherever it begins; undefined if there is none. */
export function readMarkerFrame(bytes: Uint8Array): Marker | undefined {
  const found = findMarkers(bytes).next();
  return found.done ? undefined : { streamTag: found.value.streamTag, index: found.value.index };
}

/** Yields every marker in `bytes` with its offset; consecutive blocks of one frame count once. */
export function* findMarkers(bytes: Uint8Array): Generator<MarkerBlock> {
  let last: Marker | undefined;
  for (const block of markerBlocks(bytes)) {
    if (block.index !== last?.index || block.streamTag !== last.streamTag) yield block;
    last = block;
  }
}

export interface MarkerBlock extends Marker {
  readonly offset: number;
}

/** Yields every whole block in `bytes`: an intact frame has ten consecutive ones. */
export function* markerBlocks(bytes: Uint8Array): Generator<MarkerBlock> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(MAGIC); at >= 0; ) {
    const marker = readBlock(buffer, at);
    if (marker) yield { ...marker, offset: at };
    at = buffer.indexOf(MAGIC, at + (marker ? MARKER_BLOCK_BYTES : 1));
  }
}

function readBlock(buffer: Buffer, at: number): Marker | undefined {
  if (at + MARKER_BLOCK_BYTES > buffer.length) return undefined;
  const block = buffer.subarray(at, at + MARKER_BLOCK_BYTES);
  for (let i = MAGIC.length; i < MARKER_BLOCK_BYTES; i += 1) {
    if (((block[i] as number) & 0xf0) !== NIBBLE) return undefined;
  }
  if (readNibbles(block, CHECK_START, 2) !== checkOf(block)) return undefined;
  return { streamTag: readNibbles(block, 2, 4), index: readNibbles(block, 6, 8) };
}

function checkOf(block: Buffer): number {
  let check = 0;
  for (let i = MAGIC.length; i < CHECK_START; i += 1) {
    check = (check * 31 + ((block[i] as number) & 0x0f) + 7) & 0xff;
  }
  return check;
}

function writeNibbles(block: Buffer, start: number, count: number, value: number): void {
  for (let i = 0; i < count; i += 1) {
    block[start + i] = NIBBLE | ((value >>> ((count - 1 - i) * 4)) & 0x0f);
  }
}

function readNibbles(block: Buffer, start: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) value = value * 16 + ((block[start + i] as number) & 0x0f);
  return value;
}
