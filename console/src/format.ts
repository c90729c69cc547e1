import type { Call } from '@hush/client';
import { texts } from './texts.ts';

/** Formats a duration: `1:02`, `1:00:00`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** Formats a time in the user's own time zone. */
export function when(iso: string): string {
  return dateTime.format(new Date(iso));
}

export function time(iso: string): string {
  return timeOnly.format(new Date(iso));
}

/** Returns `eva` for `sip:eva@domain.com`. */
export function shortParty(aor: string): string {
  return aor.replace(/^(sips?|tel):/, '').replace(/@.*$/, '');
}

/** Returns `Eva · +31880000000`; empty if no party is known. */
export function partyNames(
  parties: readonly { readonly aor: string; readonly name: string | null }[],
): string {
  return parties.map(({ aor, name }) => name ?? shortParty(aor)).join(' · ');
}

/** Names the parties, or the correlation id if none is known. */
export function callTitle({
  parties,
  correlationId,
}: Pick<Call, 'parties' | 'correlationId'>): string {
  return partyNames(parties) || correlationId;
}

/** Shortens a lease's owner to its page: `payment-page-1b2c…` becomes `payment-page`. */
export function ownerName(owner: string): string {
  return texts.owners[owner] ?? owner.replace(/-[0-9a-f-]{36}$/, '');
}

/** Names alarms; empty if there are none. */
export function alarmWords(alarms: readonly string[]): string {
  return alarms.map((kind) => texts.alarms[kind] ?? kind).join('; ');
}

/** Formats a size: `1.5 GB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** Splits a field at commas or blanks. */
export function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '');
}
