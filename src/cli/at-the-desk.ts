import { userInfo } from 'node:os';
import { ConfigError } from '../config/config-error.ts';
import type { Desk } from '../desk.ts';
import { deskCaller } from '../domain/access/access.ts';
import {
  type Entry,
  LastAdminError,
  PersonSettingsError,
} from '../domain/access/account-service.ts';
import type { Caller } from '../domain/model/principal.ts';

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
  } catch (cause) {
    if (cause instanceof LastAdminError) await desk.auditLog.refused(deskUser(), cause.attempt);
    const isRefusal = cause instanceof PersonSettingsError || cause instanceof LastAdminError;
    throw isRefusal ? new ConfigError(cause.message) : cause;
  } finally {
    await desk.close();
  }
}

function deskUser(): Caller {
  return deskCaller(userInfo().username);
}

/** The row of the audit log for what is done at the desk. */
export function deskEntry({ auditLog }: Desk): Entry {
  const caller = deskUser();
  return (action, change) => auditLog.entry(caller, { action, outcome: 'ok', change });
}
