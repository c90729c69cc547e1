import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reseal, touchedBy } from '../../../src/archive/erasure/reseal.ts';
import { finishedRecording } from '../../../src/archive/segment/finished-recording.ts';
import { type AudioRun, SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import { coverageOf } from '../../../src/archive/segment/track-coverage.ts';
import type { Span } from '../../../src/domain/common/span.ts';
import type { CallDetailRecord } from '../../../src/domain/model/call-detail.ts';
import type { GapReason } from '../../../src/domain/model/gap.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import type { FinishedRecording } from '../../../src/domain/ports/archive.ts';
import {
  type ChunkPlace,
  parseChunkHeader,
  segmentFile,
} from '../../../src/protocols/segment/sealed-chunk.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import type { StoredCall } from '../stored-call.ts';

/** Returns rows as the store has them: the newest of each segment. */
export function rowsOf(call: StoredCall): SegmentRecord[] {
  const rows = new Map<string, SegmentRecord>();
  for (const row of call.segments) rows.set(segmentFile(row), row);
  return [...rows.values()].sort((a, b) => a.track - b.track || a.segment - b.segment);
}

export function finished(
  call: StoredCall,
  details: readonly CallDetailRecord[] = [],
  segments = rowsOf(call),
): Promise<FinishedRecording> {
  return finishedRecording(unsealing(call), { tracks: call.tracks, segments, details });
}

/** Seals a track's segments anew without the span, in units of its clock. */
export async function resealed(call: StoredCall, span: Span): Promise<SegmentRecord[]> {
  const [track] = call.tracks;
  if (!track) throw new Error('no track');
  const segments = rowsOf(call).filter((row) => row.track === track.track);
  const examined = await coverageOf(unsealing(call), track, { segments, details: [] });
  const next: SegmentRecord[] = [];
  for (const segment of touchedBy(span, track, examined.segments)) {
    next.push(await reseal(unsealing(call), segment, span));
  }
  return next;
}

/** A segment's file, as bytes and chunks, to be changed behind Hush's back. */
export class DamagedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly chunks: readonly ChunkPlace[];

  constructor(call: StoredCall, segment: number, track = 0) {
    this.path = join(call.recordingsDir, segmentFile({ callId: call.callId, track, segment }));
    this.bytes = readFileSync(this.path);
    const chunks: ChunkPlace[] = [];
    for (let start = 0; ; start = (chunks.at(-1) as ChunkPlace).end) {
      const place = parseChunkHeader(this.bytes.subarray(start), start, this.bytes.length);
      if (!place) break;
      chunks.push(place);
    }
    this.chunks = chunks;
  }

  chunk(number: number): ChunkPlace {
    return this.chunks.at(number) as ChunkPlace;
  }

  flip(at: number, bit = 0): void {
    const bytes = Buffer.from(this.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    this.write(bytes);
  }

  zero(start: number, end: number): void {
    this.write(Buffer.from(this.bytes).fill(0, start, Math.min(end, this.bytes.length)));
  }

  cut(bytes: number): void {
    truncateSync(this.path, bytes);
  }

  remove(): void {
    rmSync(this.path);
  }

  /** Reorders the chunks; some may appear twice or not at all. */
  order(numbers: readonly number[]): void {
    const pieces = numbers.map((number) => {
      const { start, end } = this.chunk(number);
      return this.bytes.subarray(start, end);
    });
    this.write(Buffer.concat(pieces));
  }

  write(bytes: Buffer): void {
    writeFileSync(this.path, bytes);
  }
}

/** Returns, for each sample of the recording, why it is absent, or null if it is present. */
export function reasons(
  { gaps, lengthMs }: FinishedRecording,
  { track, clockRate }: { track: number; clockRate: number },
): (GapReason | null)[] {
  const samples = new Array<GapReason | null>((lengthMs * clockRate) / 1000).fill(null);
  for (const gap of gaps.filter((one) => one.track === track)) {
    samples.fill(gap.reason, gap.start, gap.start + gap.length);
  }
  return samples;
}

/** Formats gaps as `start+length reason`, ms. */
export function told({ gaps }: FinishedRecording, perMs = 8): string[] {
  return gaps.map(
    ({ track, start, length, reason }) => `${track}: ${start / perMs}+${length / perMs} ${reason}`,
  );
}

/** Returns the playable audio of a track, encoded, in time order. */
export async function runsOf(call: StoredCall, track = 0): Promise<AudioRun[]> {
  const runs: AudioRun[] = [];
  for (const segment of rowsOf(call).filter((row) => row.track === track)) {
    const reader = await SegmentReader.open(unsealing(call), segment);
    for await (const run of reader?.read({ start: -Infinity, end: Infinity }) ?? []) {
      if (run.kind === 'audio') runs.push({ ...run, audio: Buffer.from(run.audio) });
    }
    await reader?.close();
  }
  return runs.sort((a, b) => a.position - b.position);
}
