import { describe, expect, it } from 'vitest';
import {
  dateAfter,
  dateAt,
  dayOf,
  instantOf,
  nextAt,
} from '../../../src/domain/assurance/calendar-day.ts';

const HOUR_MS = 3_600_000;
const utc = (text: string) => Date.parse(text);

describe('a day has as many hours as its clocks say', () => {
  it.each([
    ['Europe/Amsterdam', '2026-03-29', 23],
    ['Europe/Amsterdam', '2026-10-25', 25],
    ['Europe/Amsterdam', '2026-07-01', 24],
    ['America/New_York', '2026-03-08', 23],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Asia/Kathmandu', '2026-01-01', 24],
    // The day begins at one o'clock: midnight is never shown.
    ['Africa/Cairo', '2026-04-24', 23],
    ['UTC', '2026-02-28', 24],
  ])('%s %s: %d', (timeZone, date, hours) => {
    const day = dayOf(date, timeZone);
    expect(((day?.to ?? 0) - (day?.from ?? 0)) / HOUR_MS).toBe(hours);
    expect(dateAt(day?.from ?? 0, timeZone)).toBe(date);
    expect(dateAt((day?.from ?? 0) - 1, timeZone)).toBe(dateAfter(date, -1));
    expect(dateAt((day?.to ?? 0) - 1, timeZone)).toBe(date);
  });

  it.each(['2026-02-30', '2026-2-3', '', 'today', '2026-13-01'])('%s is none', (date) => {
    expect(dayOf(date, 'UTC')).toBeUndefined();
  });
});

describe('a time of the day', () => {
  it('shown twice counts the first time, and never shown comes late', () => {
    const zone = 'Europe/Amsterdam';
    expect(instantOf('2026-10-25', '02:30', zone)).toBe(utc('2026-10-25T00:30:00Z'));
    expect(instantOf('2026-03-29', '02:30', zone)).toBe(utc('2026-03-29T01:30:00Z'));
  });

  it('comes once a day, also when the clocks change', () => {
    const zone = 'Europe/Amsterdam';
    let now = utc('2026-03-27T12:00:00Z');
    const times = [1, 2, 3, 4].map(() => {
      now = nextAt(now, '07:00', zone);
      return new Date(now).toISOString().slice(5, 16);
    });
    expect(times).toEqual(['03-28T06:00', '03-29T05:00', '03-30T05:00', '03-31T05:00']);
  });

  it('is never now', () => {
    const at = utc('2026-06-01T07:00:00Z');
    expect(nextAt(at - 1, '07:00', 'UTC')).toBe(at);
    expect(nextAt(at, '07:00', 'UTC')).toBe(at + 24 * HOUR_MS);
  });
});
