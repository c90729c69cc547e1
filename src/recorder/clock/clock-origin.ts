import { readFileSync } from 'node:fs';
import type { Moment } from '../../domain/common/moment.ts';
import type { ClockOrigin } from '../../domain/model/track.ts';

/** Milliseconds on a clock that all threads and processes of one boot share; it never jumps. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What is added to `performance.now()` of this thread to get `monotonicMs`. */
export const threadOffsetMs = monotonicMs() - performance.now();

const bootId = readBootId();

export function moment(): Moment {
  return { bootId, monotonicMs: monotonicMs() };
}

/** The origin as another process, or another boot, can find it again. */
export function originOf(originMs: number): ClockOrigin {
  const at = Date.now() - (monotonicMs() - originMs);
  return { at: Math.round(at), monotonicMs: originMs, bootId };
}

/** On this boot's monotonic clock; after another boot the wall clock has to tell. */
export function originOnThisBoot(origin: ClockOrigin): number {
  const now = monotonicMs();
  if (origin.bootId === bootId && origin.monotonicMs <= now) return origin.monotonicMs;
  return now - Math.max(0, Date.now() - origin.at);
}

/** Without a call's origin, a wall clock is not believed to tell more than this. */
const MAX_UNKNOWN_MS = 60_000;

/**
 * When a stream was opened by another process, on this machine's monotonic clock. Only the wall
 * clock knows: never before the call began, never in the future.
 * @param openedAt Unix ms; 0: nobody knows
 */
export function openedOnThisBoot(openedAt: number, originMs: number | undefined): number {
  const now = monotonicMs();
  if (openedAt === 0) return now;
  const earliest = originMs ?? now - MAX_UNKNOWN_MS;
  return Math.min(now, Math.max(earliest, now - (Date.now() - openedAt)));
}

/** Where the system has no such id, only the wall clock outlives the process. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process ${process.pid} ${Date.now()}`;
  }
}
