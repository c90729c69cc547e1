import { userInfo } from 'node:os';
import type { Desk } from '../desk.ts';
import { deskCaller } from '../domain/access.ts';
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
  const { loadConfig } = await import('../config/load.ts');
  const { openDesk } = await import('../desk.ts');
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
