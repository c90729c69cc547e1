import { lstatSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';

export interface OutputOptions {
  /** For scripts. */
  readonly json?: boolean;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A table for people, the objects themselves for scripts. */
export function print(rows: readonly Record<string, string>[], { json }: OutputOptions): void {
  if (json) {
    printJson(rows);
    return;
  }
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => (row[name] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
  const body = rows.map((row) => line(names.map((name) => row[name] ?? '')).trimEnd());
  if (rows.length === 0) process.stdout.write('none\n');
  else process.stdout.write(`${[line(names).trimEnd(), ...body].join('\n')}\n`);
}

/** `1:02.5`, `1:00:00`. */
export function clock(ms: number | null): string {
  if (ms === null) return '';
  const tenths = Math.round(ms / 100);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
    : `${minutes}:${seconds}`;
}

/** The same backwards, also plain seconds. @returns ms; undefined for what is no time */
export function parseClock(text: string): number | undefined {
  const match = /^(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)$/.exec(text.trim());
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Math.round((Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000);
}

/** One line that is written over, on a terminal; nothing where nobody looks. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

export function progressEnd(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** @throws ConfigError naming a file that is there already: nothing is overwritten unasked */
export function requireNone(files: readonly string[]): void {
  const there = files.find((file) => lstatSync(file, { throwIfNoEntry: false }));
  if (there === undefined) return;
  throw new ConfigError(`${there} is there already`, 'name another file, or overwrite it: --force');
}
