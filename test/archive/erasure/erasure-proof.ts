import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import type { Span } from '../../../src/domain/common/span.ts';
import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import { gapSummary } from '../../../src/domain/recording/gap-map.ts';
import { recordingSidecar } from '../../../src/domain/recording/recording-sidecar.ts';
import { parseChunkHeader, segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import type { SqlStore } from '../../../src/store/store.ts';
import type { ErasureBench } from './erasure-bench.ts';
import { archiveOf, filesOf, keysOf } from './erasure-parts.ts';

/** The Opus packet after an erased one may carry a copy of it. */
const ECHO_MS = 120;

/** A unit of stored audio, encoded: a millisecond, or an Opus packet. */
export interface Unit {
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: string;
  readonly isOpus: boolean;
}

/** Returns units by track and position. */
export async function unitsOf(bench: ErasureBench, store: SqlStore): Promise<Map<string, Unit>> {
  const { place } = bench;
  const unsealing = { files: filesOf(place), keys: keysOf(place) };
  const rates = new Map(bench.call.tracks.map(({ track, clockRate }) => [track, clockRate / 1000]));
  const units = new Map<string, Unit>();
  for (const segment of await store.segments(place.callId)) {
    const perMs = rates.get(segment.track) ?? 1;
    const reader = await SegmentReader.open(unsealing, segment, { deep: true });
    for await (const run of reader?.read({ start: -Infinity, end: Infinity }) ?? []) {
      if (run.kind !== 'audio') continue;
      const isOpus = run.codec === 'OPUS';
      // Cuts are at whole milliseconds.
      const count = isOpus ? 1 : Math.ceil(run.samples / perMs);
      const samples = isOpus ? run.samples : perMs;
      const bytes = Math.ceil((run.audio.length * samples) / run.samples);
      for (let at = 0; at < count; at += 1) {
        const start = run.position + at * samples;
        units.set(`${segment.track}/${start}`, {
          startMs: start / perMs,
          endMs: (start + samples) / perMs,
          isOpus,
          bytes: run.audio.subarray(at * bytes, (at + 1) * bytes).toString('hex'),
        });
      }
    }
    await reader?.close();
  }
  return units;
}

function isIn({ startMs, endMs, isOpus }: Unit, { start, end }: Span): boolean {
  return startMs < end + (isOpus ? ECHO_MS : 0) && endMs > start;
}

/** Expects nothing of the intervals, and everything else unchanged. */
export function expectWithout(
  before: ReadonlyMap<string, Unit>,
  after: ReadonlyMap<string, Unit>,
  intervals: readonly Span[],
): void {
  const wanted = [...before].filter(([, unit]) => !intervals.some((span) => isIn(unit, span)));
  expect(after.size).toBe(wanted.length);
  expect(wanted.filter(([key, { bytes }]) => after.get(key)?.bytes !== bytes)).toEqual([]);
}

/** Expects rows, files, gap map, summary and sidecar to agree, and no file without a key. */
export async function expectInAgreement(bench: ErasureBench, store: SqlStore): Promise<void> {
  const { callId } = bench.call;
  const call = (await store.call(callId)) as CallRecord;
  const [gaps, tracks] = [await store.gaps(callId), await store.tracks(callId)];
  const found = await archiveOf(bench.place, store).finish(callId);
  expect(gaps).toEqual(found.gaps);
  if (call.gaps) expect(call.gaps).toEqual(gapSummary(gaps, tracks));
  const sidecar = recordingSidecar(call, { tracks, gaps, details: [] });
  for (const { track, gaps: told } of sidecar.tracks) {
    const perMs = (tracks.find((one) => one.track === track)?.clockRate ?? 0) / 1000;
    const own = found.gaps.filter((gap) => gap.track === track);
    expect(told).toEqual(
      own.map(({ start, length, reason }) => ({
        startMs: start / perMs,
        lengthMs: length / perMs,
        reason,
      })),
    );
  }
  expectNoLeftovers(
    bench,
    (await store.segments(callId)).filter(({ wrappedKey }) => wrappedKey),
  );
}

function expectNoLeftovers(
  { call, s3 }: ErasureBench,
  named: readonly Parameters<typeof segmentFile>[0][],
): void {
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const wanted = named.map((segment) => segmentFile(segment).split('/')[1]);
  expect(
    names(join(call.recordingsDir, call.callId)).filter((one) => !wanted.includes(one)),
  ).toEqual([]);
  if (!s3) return;
  const objects = names(join(s3.folder, 'recordings', 'hush', call.callId))
    .filter((name) => name.endsWith('_object'))
    .map((name) => name.replace('._S3rver_object', ''));
  expect(objects.filter((one) => !wanted.includes(one))).toEqual([]);
}

/** Expects neither key nor bytes of audio that was sealed anew or destroyed. */
export async function expectDestroyed(bench: ErasureBench, store: SqlStore): Promise<void> {
  const rows = await store.segments(bench.call.callId);
  const unchanged = rows.filter(({ generation, wrappedKey }) => generation === 0 && wrappedKey);
  const stored = bench.stored();
  const kept = bench.sealed.filter((bytes) =>
    stored.some((file) => file.includes(stretchOf(bytes))),
  );
  expect(kept.length).toBe(unchanged.length);
  if (bench.isOnPostgres) {
    const keys = rows.map(({ wrappedKey }) => wrappedKey?.toString('base64') ?? '');
    expect(keys.filter((key) => bench.keys.includes(key)).length).toBe(unchanged.length);
  } else {
    const database = readFileSync(bench.databaseFile, 'latin1');
    expect(bench.keys.filter((key) => database.includes(key))).toEqual([]);
  }
}

/**
 * Returns ciphertext that every sealed file has, with an index or without: a chunk's last bytes.
 */
function stretchOf(bytes: Buffer): Buffer {
  const end = parseChunkHeader(bytes, 0, bytes.length)?.end ?? 0;
  return bytes.subarray(end - 64, end);
}
