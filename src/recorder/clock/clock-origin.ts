import { readFileSync } from 'node:fs';
import type { Moment } from '../../domain/common/moment.ts';
import type { ClockOrigin } from '../../domain/model/track.ts';

/** Returns ms on a clock that all threads and processes of one boot share; it never jumps. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const OFFSET_READINGS = 8;

/** Offset to add to this thread's `performance.now()` to get `monotonicMs`. */
export const threadOffsetMs = measuredOffset();

/** Takes the reading between whose two ends the least time passed: others were interrupted. */
function measuredOffset(): number {
  let [offsetMs, leastMs] = [0, Number.POSITIVE_INFINITY];
  for (let reading = 0; reading < OFFSET_READINGS; reading += 1) {
    const before = performance.now();
    const middle = monotonicMs();
    const after = performance.now();
    if (after - before >= leastMs) continue;
    leastMs = after - before;
    offsetMs = middle - (before + after) / 2;
  }
  return offsetMs;
}

const bootId = readBootId();

export function moment(): Moment {
  return { bootId, monotonicMs: monotonicMs() };
}

/** Returns the origin in a form that another process, or another boot, can interpret. */
export function originOf(originMs: number): ClockOrigin {
  const at = Date.now() - (monotonicMs() - originMs);
  return { at: Math.round(at), monotonicMs: originMs, bootId };
}

/** Returns the origin on this boot's monotonic clock; after a reboot the wall clock decides. */
export function originOnThisBoot(origin: ClockOrigin): number {
  const now = monotonicMs();
  if (origin.bootId === bootId && origin.monotonicMs <= now) return origin.monotonicMs;
  return now - Math.max(0, Date.now() - origin.at);
}

/** The longest time that the wall clock may account for when a call's origin is unknown. */
const MAX_UNKNOWN_MS = 60_000;

/**
 * Returns when a stream was opened by another process, on this machine's monotonic clock. Only the
 * wall clock knows: the result is never before the call began and never in the future.
 * @param openedAt Unix ms; 0: unknown
 */
export function openedOnThisBoot(openedAt: number, originMs: number | undefined): number {
  const now = monotonicMs();
  if (openedAt === 0) return now;
  const earliest = originMs ?? now - MAX_UNKNOWN_MS;
  return Math.min(now, Math.max(earliest, now - (Date.now() - openedAt)));
}

/** Reads the boot id; without one, only the wall clock outlives the process. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process ${process.pid} ${Date.now()}`;
  }
}
