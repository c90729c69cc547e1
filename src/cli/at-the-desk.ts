import { userInfo } from 'node:os';
import { loadConfig } from '../config/load.ts';
import { type Desk, deskCaller, openDesk } from '../desk.ts';
import type { AccessRecord } from '../domain/access-trail.ts';

export interface DeskOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Opens the store, does the work, closes it whatever happens. */
export async function atTheDesk<Result>(
  { config: file }: DeskOptions,
  work: (desk: Desk) => Promise<Result>,
): Promise<Result> {
  const sources = { environment: process.env, ...(file === undefined ? {} : { file }) };
  const desk = await openDesk(loadConfig(sources));
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

/** The row of the access trail for what is done at the desk. */
export function deskEntry(desk: Desk, action: string, subject: string): AccessRecord {
  const deed = { action: `${action} ${subject}`, outcome: 'ok' } as const;
  return desk.trail.entry(deskCaller(userInfo().username), deed);
}

/** A table for people, JSON lines of objects for scripts. */
export function print(rows: readonly Record<string, string>[], { json }: DeskOptions): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
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
