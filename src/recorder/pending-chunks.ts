import type { Run, SegmentCodec } from '../protocols/segment/sealed-chunk.ts';

/** A chunk as it will be sealed: neither clock nor codec change it any more. */
export interface FullChunk {
  readonly position: number;
  readonly codec: SegmentCodec;
  readonly runs: readonly Run[];
  readonly audio: Buffer;
}

interface PendingItem<Segment> {
  readonly segment: Segment;
  /** Undefined: the segment ends here. */
  chunk: FullChunk | undefined;
}

/**
 * What is on its way to the disk, in order. Audio that may still be erased waits here, in memory:
 * that is a UCC's look-back (docs/decisions/0008).
 */
export class PendingChunks<Segment> {
  readonly #write: (segment: Segment, chunk: FullChunk) => void;
  readonly #close: (segment: Segment) => void;
  #items: PendingItem<Segment>[] = [];

  constructor(
    write: (segment: Segment, chunk: FullChunk) => void,
    close: (segment: Segment) => void,
  ) {
    this.#write = write;
    this.#close = close;
  }

  add(segment: Segment, chunk: FullChunk | undefined): void {
    this.#items.push({ segment, chunk });
  }

  /** Writes what ends at or before `position`; behind a chunk that may not go, nothing goes. */
  drain(position: number): void {
    let count = 0;
    for (const { segment, chunk } of this.#items) {
      if (chunk && endOf(chunk) > position) break;
      count += 1;
      if (chunk) this.#write(segment, chunk);
      else this.#close(segment);
    }
    if (count > 0) this.#items = this.#items.slice(count);
  }

  /** Overwrites every sample from `cut` on; tells how many they were. */
  erase(cut: number): number {
    let erased = 0;
    for (const item of this.#items) {
      const { chunk } = item;
      if (!chunk || endOf(chunk) <= cut) continue;
      const rest = cutBack(chunk, cut);
      erased += samplesOf(chunk) - samplesOf(rest);
      item.chunk = rest;
    }
    // An item without audio would say that its segment ends: one that lost all is gone.
    this.#items = this.#items.filter(({ chunk }) => !chunk || chunk.runs.length > 0);
    return erased;
  }
}

function endOf({ position, runs }: FullChunk): number {
  return runs.reduce((end, run) => Math.max(end, position + run.offset + run.samples), position);
}

/** Of audio alone. */
function samplesOf({ runs }: FullChunk): number {
  return runs.reduce((sum, { kind, samples }) => sum + (kind === 'audio' ? samples : 0), 0);
}

/** Runs lie in the audio one behind the other. */
function cutBack(chunk: FullChunk, cut: number): FullChunk {
  const runs: Run[] = [];
  const kept: Buffer[] = [];
  let at = 0;
  for (const run of chunk.runs) {
    const length = cut - chunk.position - run.offset;
    // A packet of Opus is one whole.
    const whole = chunk.codec === 'OPUS' && length < run.samples ? 0 : length;
    const samples = Math.max(0, Math.min(run.samples, whole));
    const bytes = (run.bytes / run.samples) * samples;
    if (samples > 0) {
      runs.push({ ...run, samples, bytes });
      kept.push(Buffer.from(chunk.audio.subarray(at, at + bytes)));
    }
    at += run.bytes;
  }
  chunk.audio.fill(0);
  return { ...chunk, runs, audio: Buffer.concat(kept) };
}
