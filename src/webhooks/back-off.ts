import { setTimeout as wait } from 'node:timers/promises';

export interface BackOff {
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

/**
 * Returns the wait after the given failed attempt, counted from 1: it doubles each time, and up to
 * half of it is random, so that the webhooks of one receiver do not return at once. A longer wait
 * that the receiver requested counts. Never more than `maxRetryMs`.
 */
export function retryDelayMs(
  { firstRetryMs, maxRetryMs }: BackOff,
  attempt: number,
  { retryAfterMs = 0, random = Math.random }: { retryAfterMs?: number; random?(): number } = {},
): number {
  const full = Math.min(maxRetryMs, firstRetryMs * 2 ** (attempt - 1));
  const jittered = full * (1 - random() / 2);
  return Math.min(maxRetryMs, Math.max(jittered, retryAfterMs));
}

/** Parses seconds or a date (RFC 9110 section 10.2.3); undefined if it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits; resolves early when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}
