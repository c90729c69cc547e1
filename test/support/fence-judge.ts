import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findMarkers } from '../../src/simulator/marker-audio.ts';
import type { SentFrame } from './calls.ts';

/** Instants of one pause, Unix ms with fraction. */
export interface Pause {
  readonly requestedAt: number;
  readonly answeredAt: number;
  readonly startRequestedAt: number;
  readonly startAnsweredAt: number;
}

export interface Verdict {
  /** Sent after the answer to Pause and before the request to Start, and yet recorded. */
  readonly leaked: number[];
  /** Sent outside every pause, and yet not recorded. */
  readonly missing: number[];
  readonly paused: number;
  readonly outside: number;
}

/** Frames on their way while a command is being answered may fall on either side of it. */
export function judge(
  sent: readonly SentFrame[],
  pauses: readonly Pause[],
  recorded: ReadonlyMap<number, unknown>,
): Verdict {
  const inside = sent.filter(({ sentAtMs }) =>
    pauses.some((pause) => sentAtMs > pause.answeredAt && sentAtMs < pause.startRequestedAt),
  );
  const outside = sent.filter(({ sentAtMs }) =>
    pauses.every((pause) => sentAtMs < pause.requestedAt || sentAtMs > pause.startAnsweredAt),
  );
  return {
    leaked: inside.filter(({ index }) => recorded.has(index)).map(({ index }) => index),
    missing: outside.filter(({ index }) => !recorded.has(index)).map(({ index }) => index),
    paused: inside.length,
    outside: outside.length,
  };
}

/** Unix ms with fraction, on the clock that stamps sent frames. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Marker frames that stand readable anywhere in a folder's files. */
export function markersInFolder(folder: string): number {
  let found = 0;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    for (const _ of findMarkers(readFileSync(path))) found += 1;
  }
  return found;
}
