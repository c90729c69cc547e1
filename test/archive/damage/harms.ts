import { randomBytes } from 'node:crypto';
import type { SegmentCodec } from '../../../src/protocols/segment/sealed-chunk.ts';
import { WAV_HEADER_BYTES } from '../../../src/protocols/wav/wav-header.ts';
import { StoredCall } from '../stored-call.ts';
import { DamagedFile } from './damage.ts';

export const FRAME = 160;
export const track = { track: 0, clockRate: 8000 };

/** Noise that is silence in no law: audio played in the wrong place is detected. */
export function loudFrame(bytes: number): Buffer {
  return Buffer.from(randomBytes(bytes).map((byte) => 1 + (byte % 120)));
}

export interface Shape {
  readonly codec?: SegmentCodec;
  /** Frames of 20 ms each that are sent, and the length of the pause after them. */
  readonly parts: readonly { readonly frames: number; readonly pause: number }[];
  /** Numbers of frames that never arrived. */
  readonly lost?: ReadonlySet<number>;
  /** Frames at which a chunk begins in any case. */
  readonly sealedBefore?: ReadonlySet<number>;
}

export async function storedCall({
  codec = 'PCMU',
  parts,
  lost,
  sealedBefore,
}: Shape): Promise<StoredCall> {
  const call = new StoredCall();
  const one = call.track(codec, 8000);
  let frame = 0;
  for (const { frames, pause } of parts) {
    for (const end = frame + frames; frame < end; frame += 1) {
      if (sealedBefore?.has(frame)) one.writer.seal();
      if (lost?.has(frame)) continue;
      const bytes = codec === 'L16' ? FRAME * 2 : FRAME;
      one.add(frame * FRAME, loudFrame(bytes), FRAME);
    }
    if (pause > 0) one.pause('api');
    frame += pause;
  }
  return call.end();
}

export const pcmOf = async (call: StoredCall) => (await call.wav()).subarray(WAV_HEADER_BYTES);

export const shape: Shape = {
  parts: [
    { frames: 200, pause: 50 },
    { frames: 200, pause: 25 },
    { frames: 150, pause: 0 },
  ],
  lost: new Set([100, 101]),
};

type Harm = (file: DamagedFile, call: StoredCall) => void;
const middle = (file: DamagedFile) => file.chunk(2);
/** Kinds of damage to the second of three segment files, and how much of its audio is lost, ms. */
export const harms: [string, Harm, 'some' | 'all' | 'none'][] = [
  ['one bit of the audio', (file) => file.flip(middle(file).start + 300), 'some'],
  ['one bit of the magic', (file) => file.flip(middle(file).start), 'some'],
  ['one bit of the length', (file) => file.flip(middle(file).start + 6, 3), 'some'],
  ['the length, beyond the file', (file) => file.flip(middle(file).start + 5, 3), 'some'],
  ['one bit of the number', (file) => file.flip(middle(file).start + 11, 4), 'some'],
  ['one bit of the position', (file) => file.flip(middle(file).start + 17, 6), 'some'],
  ['one bit of the codec', (file) => file.flip(middle(file).start + 21, 1), 'some'],
  ['one bit of the number of runs', (file) => file.flip(middle(file).start + 23), 'some'],
  ['one bit of a run', (file) => file.flip(middle(file).start + 31, 2), 'some'],
  ['one bit of the tag', (file) => file.flip(middle(file).end - 1), 'some'],
  ['one bit of the first chunk', (file) => file.flip(30), 'some'],
  ['one bit of the last chunk', (file) => file.flip(file.bytes.length - 20), 'some'],
  ['a block of zeros in the middle', (file) => file.zero(4_096, 8_192), 'some'],
  ['zeros to the end', (file) => file.zero(file.chunk(1).start + 9, file.bytes.length), 'some'],
  ['nothing but zeros', (file) => file.zero(0, file.bytes.length), 'all'],
  ['it is cut within a chunk', (file) => file.cut(file.chunk(3).start + 50), 'some'],
  ['it is cut between chunks', (file) => file.cut(file.chunk(2).end), 'some'],
  ['it is empty', (file) => file.cut(0), 'all'],
  ['it is gone', (file) => file.remove(), 'all'],
  ['two chunks have changed places', (file) => file.order(swapped(file)), 'none'],
  ['a chunk stands there twice', (file) => file.order([0, 0, ...following(file)]), 'none'],
  ['a chunk was taken out', (file) => file.order([0, ...following(file).slice(1)]), 'some'],
  ['bytes behind its end', (f) => f.write(Buffer.concat([f.bytes, randomBytes(999)])), 'none'],
  [
    'bytes before its beginning',
    (f) => f.write(Buffer.concat([Buffer.from('x'), f.bytes])),
    'none',
  ],
  ["another segment's file", (file, call) => file.write(new DamagedFile(call, 0).bytes), 'all'],
];

function following(file: DamagedFile): number[] {
  return file.chunks.slice(1).map((_, index) => index + 1);
}

function swapped(file: DamagedFile): number[] {
  return [1, 0, ...following(file).slice(1)];
}
