import type { Run, SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';

/** One packet's audio in a chunk, and its time of arrival. */
export interface PacketSpan {
  /** Units of the RTP clock from the chunk's beginning. */
  readonly offset: number;
  readonly samples: number;
  readonly sequence: number;
  /** Monotonic ms */
  readonly arrivedAtMs: number;
}

/** A chunk ready to be sealed: neither clock nor codec change it any more. */
export interface FullChunk {
  readonly position: number;
  readonly codec: SegmentCodec;
  readonly runs: readonly Run[];
  readonly audio: Buffer;
  /** Packets of a stream with a look-back, in order of arrival; otherwise empty. */
  readonly packets: readonly PacketSpan[];
  /** Sequence number of its newest packet. */
  readonly lastSequence: number;
}

interface PendingItem<Segment> {
  readonly segment: Segment;
  /** Undefined: the segment ends here. */
  chunk: FullChunk | undefined;
}

/**
 * Chunks on their way to the disk, in order. Audio that may still be erased waits here, in memory:
 * this is a UCC's look-back (docs/decisions/0008). Its age is measured from its arrival, never from
 * its timestamps: a sender's clock may stand still.
 */
export class PendingChunks<Segment> {
  readonly #write: (segment: Segment, chunk: FullChunk) => void;
  readonly #close: (segment: Segment) => void;
  #items: PendingItem<Segment>[] = [];
  #writtenUpTo = Number.NEGATIVE_INFINITY;
  #writtenSequence: number | null = null;

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

  /** The end of all audio so far, written or waiting, on the call's clock; null: none came. */
  get keptUpTo(): number | null {
    const ends = this.#items.flatMap(({ chunk }) => (chunk ? [audioEndOf(chunk)] : []));
    const end = Math.max(this.#writtenUpTo, ...ends);
    return Number.isFinite(end) ? end : null;
  }

  /** Number of the newest packet so far, written or waiting. */
  get lastSequence(): number | null {
    return this.#items.findLast(({ chunk }) => chunk)?.chunk?.lastSequence ?? this.#writtenSequence;
  }

  /** Writes audio that came before `cutMs`; nothing passes a chunk that must wait. */
  drain(cutMs: number): void {
    let count = 0;
    for (const { segment, chunk } of this.#items) {
      if (chunk?.packets.some(({ arrivedAtMs }) => arrivedAtMs >= cutMs)) break;
      count += 1;
      if (chunk) this.#writeChunk(segment, chunk);
      else this.#close(segment);
    }
    if (count > 0) this.#items = this.#items.slice(count);
  }

  #writeChunk(segment: Segment, chunk: FullChunk): void {
    this.#writtenUpTo = Math.max(this.#writtenUpTo, audioEndOf(chunk));
    this.#writtenSequence = chunk.lastSequence;
    this.#write(segment, chunk);
  }

  /** Overwrites every packet that came from `cutMs` on. */
  erase(cutMs: number): { readonly packets: number; readonly segments: ReadonlySet<Segment> } {
    // A packet shared by two chunks counts once.
    const packets = new Set<string>();
    const segments = new Set<Segment>();
    for (const item of this.#items) {
      const { chunk, segment } = item;
      const young = chunk?.packets.filter(({ arrivedAtMs }) => arrivedAtMs >= cutMs) ?? [];
      if (!chunk || young.length === 0) continue;
      for (const packet of young) packets.add(keyOf(packet));
      segments.add(segment);
      item.chunk = without(chunk, young);
    }
    // An item without audio would end its segment, so one that lost all its audio is removed.
    this.#items = this.#items.filter(({ chunk }) => !chunk || chunk.runs.length > 0);
    return { packets: packets.size, segments };
  }

  /** Overwrites everything, because no process may keep it; returns the number of packets. */
  discard(): number {
    const packets = new Set<string>();
    for (const item of this.#items) {
      const { chunk } = item;
      for (const packet of chunk?.packets ?? []) packets.add(keyOf(packet));
      if (chunk && chunk.packets.length > 0) item.chunk = without(chunk, chunk.packets);
    }
    this.#items = this.#items.filter(({ chunk }) => !chunk || chunk.runs.length > 0);
    return packets.size;
  }
}

/** Names a packet, of which two chunks may hold a part each. */
function keyOf({ sequence, arrivedAtMs }: PacketSpan): string {
  return `${sequence} ${arrivedAtMs}`;
}

/** Returns where the chunk's audio ends; -Infinity where it has none. */
function audioEndOf({ position, runs }: Pick<FullChunk, 'position' | 'runs'>): number {
  let end = Number.NEGATIVE_INFINITY;
  for (const run of runs) {
    if (run.kind === 'audio') end = Math.max(end, position + run.offset + run.samples);
  }
  return end;
}

interface Piece {
  readonly run: Run;
  readonly audio: Buffer;
}

/** Returns the chunk without these packets and without any other audio in their place. */
function without(chunk: FullChunk, young: readonly PacketSpan[]): FullChunk {
  let at = 0;
  let pieces: Piece[] = chunk.runs.map((run) => {
    const audio = Buffer.from(chunk.audio.subarray(at, at + run.bytes));
    at += run.bytes;
    return { run, audio };
  });
  for (const { start, end } of spansOf(young)) {
    pieces = pieces.flatMap((piece) => cutOut(piece, { start, end, codec: chunk.codec }));
  }
  chunk.audio.fill(0);
  const gone = new Set(young);
  const packets = chunk.packets.filter((packet) => !gone.has(packet));
  return {
    ...chunk,
    packets,
    lastSequence: packets.at(-1)?.sequence ?? chunk.lastSequence,
    runs: pieces.map(({ run }) => run),
    audio: Buffer.concat(pieces.map(({ audio }) => audio)),
  };
}

/** Merges consecutive packets into one span. */
function spansOf(packets: readonly PacketSpan[]): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  for (const { offset, samples } of packets) {
    const last = spans.at(-1);
    if (last && last.end === offset) last.end += samples;
    else spans.push({ start: offset, end: offset + samples });
  }
  return spans;
}

function cutOut(
  { run, audio }: Piece,
  { start, end, codec }: { start: number; end: number; codec: SegmentCodec },
): Piece[] {
  const runEnd = run.offset + run.samples;
  if (runEnd <= start || run.offset >= end) return [{ run, audio }];
  // A packet of Opus is indivisible.
  if (codec === 'OPUS') {
    audio.fill(0);
    return [];
  }
  const perSample = run.bytes / run.samples;
  const piece = (from: number, to: number): Piece[] => {
    if (to <= from) return [];
    const samples = to - from;
    const first = (from - run.offset) * perSample;
    const bytes = samples * perSample;
    const kept = Buffer.from(audio.subarray(first, first + bytes));
    return [{ run: { ...run, offset: from, samples, bytes }, audio: kept }];
  };
  const pieces = [
    ...piece(run.offset, Math.min(runEnd, start)),
    ...piece(Math.max(run.offset, end), runEnd),
  ];
  audio.fill(0);
  return pieces;
}
