const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

export function systemTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Returns the calendar date in the time zone, `2026-03-29`. */
export function dateAt(ms: number, timeZone: string): string {
  return new Date(wallClock(ms, timeZone)).toISOString().slice(0, 10);
}

/** Returns the date that many days later; undefined for an invalid date. */
export function dateAfter(date: string, days: number): string | undefined {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date)) return undefined;
  return new Date(ms + days * DAY_MS).toISOString().slice(0, 10);
}

/** Returns the day, Unix ms, `to` exclusive: 23, 24 or 25 hours; undefined for an invalid date. */
export function dayOf(date: string, timeZone: string) {
  const next = dateAfter(date, 1);
  if (next === undefined) return undefined;
  return { from: instantOf(date, '00:00', timeZone), to: instantOf(next, '00:00', timeZone) };
}

/**
 * Returns when the clock in the time zone shows `time` (`07:00`) on that date, Unix ms. A time
 * shown twice counts the first time; a time that is skipped moves by as much as the clock does.
 */
export function instantOf(date: string, time: string, timeZone: string): number {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((ms) => wallClock(ms, timeZone) - ms);
  const candidates = offsets.map((offset) => wanted - offset);
  const shown = candidates.filter((ms) => wallClock(ms, timeZone) === wanted);
  return shown.length > 0 ? Math.min(...shown) : (candidates[0] ?? wanted);
}

/** Returns the next instant after `now` at which the clock in the time zone shows `time`. */
export function nextAt(now: number, time: string, timeZone: string): number {
  const today = dateAt(now, timeZone);
  for (const days of [0, 1]) {
    const at = instantOf(dateAfter(today, days) ?? today, time, timeZone);
    if (at > now) return at;
  }
  return now + DAY_MS;
}

/** Returns the local wall clock time as if it were UTC; whole minutes of offset. */
function wallClock(ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  } as Intl.DateTimeFormatOptions).formatToParts(ms);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const [year, month, day] = [read('year'), read('month'), read('day')];
  const minute = Date.UTC(year, month - 1, day, read('hour'), read('minute'));
  return minute + (((ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
}
