import {
  MAX_RUNS,
  type Run,
  type RunKind,
  type SegmentCodec,
} from '../../protocols/segment/sealed-chunk.ts';
import { bytesPerSample } from './chunk-room.ts';
import type { FullChunk, PacketSpan } from './pending-chunks.ts';

/** One packet's audio in place: `data` from `start` up to, not including, `end`. */
export interface AudioBytes {
  data: Buffer;
  start: number;
  end: number;
  /** Its duration in units of the RTP clock. */
  samples: number;
}

/** Room for cuts: each part left out splits a run in two. */
const RUNS_FOR_CUTS = 40;
const MAX_OPEN_RUNS = MAX_RUNS - RUNS_FOR_CUTS;

interface OpenRun {
  kind: RunKind;
  offset: number;
  samples: number;
  bytes: number;
}

type PacketPiece = { readonly piece: OpenRun; readonly origin: Readonly<PacketOrigin> };

/** A stretch that is not kept, relative to the clock's time line, and the reason. */
export interface LeftOut {
  readonly kind: Exclude<RunKind, 'audio'>;
  readonly start: number;
  end: number;
}

/** A packet's number and time of arrival. */
export interface PacketOrigin {
  sequence: number;
  /** Monotonic ms */
  arrivedAtMs: number;
}

/** A packet's audio, or the rest of it, that is passed to the next chunk. */
interface Tail {
  readonly position: number;
  readonly packet: AudioBytes;
  readonly origin: Readonly<PacketOrigin>;
}

export interface ChunkBeginning {
  readonly start: number;
  readonly atMs: number;
  /** True when arrival times are kept, because audio may be erased by them. */
  readonly keepsOrigins: boolean;
}

/** Frames gathered in memory, in order of arrival, until they are sealed. */
export class OpenChunk {
  readonly start: number;
  readonly startedAtMs: number;
  readonly runs: OpenRun[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly #room: Buffer;
  readonly #bytesPerSample: number | null;
  readonly #packets: PacketSpan[] | undefined;
  #newest: PacketOrigin = { sequence: 0, arrivedAtMs: 0 };
  #bytes = 0;

  constructor(room: Buffer, begins: ChunkBeginning, codec: SegmentCodec) {
    this.#room = room;
    this.#packets = begins.keepsOrigins ? [] : undefined;
    this.start = begins.start;
    this.startedAtMs = begins.atMs;
    this.#bytesPerSample = bytesPerSample[codec];
  }

  /** The gathered audio, run after run. */
  get audio(): Buffer {
    return this.#room.subarray(0, this.#bytes);
  }

  /** Returns true when a packet at `position` no longer fits a chunk of `chunkSamples`. */
  isFull(position: number, packet: AudioBytes, chunkSamples: number): boolean {
    return (
      position + packet.samples - this.start > chunkSamples ||
      this.#bytes + packet.end - packet.start > this.#room.length ||
      this.isCrowded
    );
  }

  /** A stretch left out is itself a run, and splits another one in two. */
  get isCrowded(): boolean {
    return this.runs.length + 2 * this.leftOut.length >= MAX_OPEN_RUNS;
  }

  add(position: number, packet: AudioBytes, origin: Readonly<PacketOrigin>): void {
    const offset = position - this.start;
    const bytes = packet.end - packet.start;
    const { samples } = packet;
    const { sequence, arrivedAtMs } = origin;
    this.#packets?.push({ offset, samples, sequence, arrivedAtMs });
    this.#newest.sequence = sequence;
    this.#newest.arrivedAtMs = arrivedAtMs;
    const run = this.runs[this.runs.length - 1];
    if (this.#bytesPerSample !== null && run && run.offset + run.samples === offset) {
      run.samples += samples;
      run.bytes += bytes;
    } else {
      this.runs.push({ kind: 'audio', offset, samples, bytes });
    }
    packet.data.copy(this.#room, this.#bytes, packet.start, packet.end);
    this.#bytes += bytes;
  }

  /** Leaves out the audio of this stretch, whether or not it has come already. */
  leaveOut(kind: LeftOut['kind'], start: number, end: number): void {
    const last = this.leftOut[this.leftOut.length - 1];
    if (last?.kind === kind && start >= last.start && start <= last.end) {
      last.end = Math.max(last.end, end);
    } else {
      this.leftOut.push({ kind, start, end });
    }
  }

  /**
   * Returns the chunk to seal, without stretches left out and without audio from `until` on. Its
   * bytes may lie in the buffer where the chunk was gathered.
   */
  take(anchor: number, until: number): Omit<FullChunk, 'codec'> {
    const position = anchor + this.start;
    const packets = this.#packetsUntil(until);
    const told = { position, packets, lastSequence: this.#newest.sequence };
    if (this.leftOut.length === 0 && until === Number.POSITIVE_INFINITY) {
      return { ...told, runs: this.runs, audio: this.audio };
    }
    return { ...told, ...this.#cut(until) };
  }

  #packetsUntil(until: number): readonly PacketSpan[] {
    if (!this.#packets || until === Number.POSITIVE_INFINITY) return this.#packets ?? [];
    return this.#packets.filter(({ offset }) => this.start + offset < until);
  }

  /** Returns copies of the audio from `from` on. */
  tailFrom(from: number): Tail[] {
    const tail: Tail[] = [];
    let at = 0;
    for (const run of this.runs) {
      const [rest] = this.#without(run, Number.NEGATIVE_INFINITY, from - this.start);
      for (const { piece, origin } of rest ? this.#byPacket(rest) : []) {
        const data = Buffer.from(this.#bytesAt(at, run, piece));
        const packet = { data, start: 0, end: data.length, samples: piece.samples };
        tail.push({ position: this.start + piece.offset, packet, origin });
      }
      at += run.bytes;
    }
    return tail;
  }

  /** Cuts a run between packets where each one's time of arrival matters. */
  #byPacket(run: OpenRun): PacketPiece[] {
    const perSample = this.#bytesPerSample;
    if (!this.#packets || perSample === null) return [{ piece: run, origin: this.#newest }];
    const cut: PacketPiece[] = [];
    const end = run.offset + run.samples;
    for (let at = run.offset, until = end; at < end; at = until) {
      const origin = this.#packets.findLast(
        ({ offset, samples }) => offset <= at && offset + samples > at,
      );
      until = origin ? Math.min(end, origin.offset + origin.samples) : end;
      const piece = { ...run, offset: at, samples: until - at, bytes: (until - at) * perSample };
      cut.push({ piece, origin: origin ?? this.#newest });
    }
    return cut;
  }

  /** Returns the stretches left out from `from` on. */
  leftOutFrom(from: number): LeftOut[] {
    return this.leftOut
      .filter(({ end }) => end > from)
      .map(({ kind, start, end }) => ({ kind, start: Math.max(start, from), end }));
  }

  #cut(until: number): { runs: Run[]; audio: Buffer } {
    const runs: Run[] = [];
    for (const { kind, start, end } of this.leftOut) {
      const samples = Math.min(end, until) - start;
      if (samples > 0) runs.push({ kind, offset: start - this.start, samples, bytes: 0 });
    }
    // What remains moves up within the buffer: a chunk costs no other one.
    const whole = this.#bytes;
    let at = 0;
    let kept = 0;
    for (const run of this.runs) {
      for (const piece of this.#piecesOf(run, until)) {
        const from = this.#byteOf(at, run, piece);
        if (from !== kept) this.#room.copyWithin(kept, from, from + piece.bytes);
        kept += piece.bytes;
        runs.push(piece);
      }
      at += run.bytes;
    }
    this.#room.fill(0, kept, whole);
    this.#bytes = kept;
    return { runs, audio: this.audio };
  }

  /** Where the audio of a piece of a run begins, whose own begins at `at`. */
  #byteOf(at: number, run: OpenRun, piece: OpenRun): number {
    return at + (piece.offset - run.offset) * (this.#bytesPerSample ?? 0);
  }

  #bytesAt(at: number, run: OpenRun, piece: OpenRun): Buffer {
    const from = this.#byteOf(at, run, piece);
    return this.#room.subarray(from, from + piece.bytes);
  }

  /** Returns the remaining pieces of a run. */
  #piecesOf(run: OpenRun, until: number): OpenRun[] {
    let pieces = this.#without(run, until - this.start, Number.POSITIVE_INFINITY);
    for (const { start, end } of this.leftOut) {
      pieces = pieces.flatMap((piece) =>
        this.#without(piece, start - this.start, end - this.start),
      );
    }
    return pieces;
  }

  /** Removes an indivisible packet as a whole. */
  #without(run: OpenRun, from: number, until: number): OpenRun[] {
    const bytesPerSample = this.#bytesPerSample;
    const end = run.offset + run.samples;
    if (end <= from || run.offset >= until) return [run];
    if (bytesPerSample === null) return [];
    const before = { ...run, samples: Math.max(0, from - run.offset) };
    const after = { ...run, offset: until, samples: Math.max(0, end - until) };
    return [before, after]
      .filter(({ samples }) => samples > 0)
      .map((piece) => ({ ...piece, bytes: piece.samples * bytesPerSample }));
  }
}
