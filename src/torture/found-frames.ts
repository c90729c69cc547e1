import { setImmediate } from 'node:timers/promises';
import { encodeAlaw, encodeMulaw } from '../protocols/wav/g711.ts';
import { WAV_HEADER_BYTES } from '../protocols/wav/wav-header.ts';
import {
  MARKER_BLOCK_BYTES,
  MARKER_FRAME_BYTES,
  type MarkerBlock,
  markerBlocks,
} from '../simulator/marker-audio.ts';

/** A frame's place in a recording. */
export interface FoundFrame {
  /** Index of the call's recording. */
  readonly recording: number;
  /** From the recording's first sample. */
  readonly positionMs: number;
  /** Present part of the frame: less than 20 ms where other audio lies on it. */
  readonly lengthMs: number;
}

/** By stream tag and frame number; a frame that is there twice is found twice. */
export type FoundFrames = Map<number, Map<number, FoundFrame[]>>;

const RATE_OFFSET = 24;
const BYTES_PER_SAMPLE = 4;
const MARKER_FRAME_MS = 20;
const SAMPLES_AT_ONCE = 50_000;
const BLOCKS_AT_ONCE = 1_000;
const FRAMES_PER_SECOND = 1000 / MARKER_FRAME_MS;

/** Adds the numbered frames of a stereo WAV, of mu-law and of A-law alike. */
export function findFrames(wav: Buffer, recording: number, found: FoundFrames): void {
  for (const _ of search(wav, recording, found));
}

/** Does the same while the senders of other calls get their turns. */
export async function findFramesBetween(
  wav: Buffer,
  recording: number,
  found: FoundFrames,
): Promise<void> {
  for (const _ of search(wav, recording, found)) await setImmediate();
}

/** Yields after every piece of work that takes a few milliseconds. */
function* search(wav: Buffer, recording: number, found: FoundFrames): Generator<void> {
  const rate = wav.readUInt32LE(RATE_OFFSET);
  for (const channel of [0, 1]) {
    for (const encode of [encodeMulaw, encodeAlaw]) {
      const codes = yield* codesOf(wav, channel, encode);
      if (yield* collect(codes, { recording, rate, found })) break;
    }
  }
}

function* codesOf(
  wav: Buffer,
  channel: number,
  encode: (sample: number) => number,
): Generator<void, Buffer> {
  const codes = Buffer.alloc(Math.floor((wav.length - WAV_HEADER_BYTES) / BYTES_PER_SAMPLE));
  let offset = WAV_HEADER_BYTES + channel * 2;
  for (let at = 0; at < codes.length; at += 1, offset += BYTES_PER_SAMPLE) {
    codes[at] = encode(wav.readInt16LE(offset));
    if (at % SAMPLES_AT_ONCE === 0) yield;
  }
  return codes;
}

interface Collection {
  readonly recording: number;
  readonly rate: number;
  readonly found: FoundFrames;
}

/** The end of one block and the beginning of another pass for a third once in 256 times. */
const LEAST_BLOCKS = 2;

/** Merges blocks of one frame that lie within the length of a frame. */
function* collect(codes: Buffer, { recording, rate, found }: Collection): Generator<void, boolean> {
  const frameSamples = Math.max(MARKER_FRAME_BYTES, rate / FRAMES_PER_SECOND);
  const msOf = (samples: number): number => (samples * 1000) / rate;
  let first: MarkerBlock | undefined;
  let blocks = 0;
  let seen = 0;
  const note = (): void => {
    if (!first || blocks < LEAST_BLOCKS) return;
    const frames = found.get(first.streamTag) ?? new Map<number, FoundFrame[]>();
    found.set(first.streamTag, frames);
    const lengthMs = msOf(blocks * MARKER_BLOCK_BYTES);
    const frame = { recording, positionMs: msOf(first.offset), lengthMs };
    frames.set(first.index, [...(frames.get(first.index) ?? []), frame]);
  };
  for (const block of markerBlocks(codes)) {
    const isSame = first?.streamTag === block.streamTag && first.index === block.index;
    if (!first || !isSame || block.offset - first.offset >= frameSamples) {
      note();
      first = block;
      blocks = 0;
    }
    blocks += 1;
    seen += 1;
    if (seen % BLOCKS_AT_ONCE === 0) yield;
  }
  note();
  return first !== undefined;
}
