import { userInfo } from 'node:os';
import { ConfigError } from '../config/config-error.ts';
import { commandLineCaller } from '../domain/access/access.ts';
import {
  type Entry,
  LastAdminError,
  PersonSettingsError,
} from '../domain/access/account-service.ts';
import type { Caller } from '../domain/model/principal.ts';
import type { OfflineStore } from '../offline-store.ts';
import { type ConfigOptions, storeConfig } from './store-config.ts';

export interface OfflineStoreOptions extends ConfigOptions {
  readonly json?: boolean;
  /** Whether it may be the first command on a data folder that was named. Default false. */
  readonly mayMake?: boolean;
}

/** Opens the store, does the work, closes it whatever happens. */
export async function withStore<Result>(
  { mayMake = false, ...options }: OfflineStoreOptions,
  work: (offline: OfflineStore) => Promise<Result>,
): Promise<Result> {
  const config = await storeConfig(options, { mayMake });
  const { openOfflineStore } = await import('../offline-store.ts');
  const offline = await openOfflineStore(config);
  try {
    return await work(offline);
  } catch (cause) {
    if (cause instanceof LastAdminError)
      await offline.auditLog.refused(commandLineUser(), cause.attempt);
    const isRefusal = cause instanceof PersonSettingsError || cause instanceof LastAdminError;
    throw isRefusal ? new ConfigError(cause.message) : cause;
  } finally {
    await offline.close();
  }
}

function commandLineUser(): Caller {
  return commandLineCaller(userInfo().username);
}

/** The row of the audit log for what is done at the offline. */
export function offlineEntry({ auditLog }: OfflineStore): Entry {
  const caller = commandLineUser();
  return (action, change) => auditLog.entry(caller, { action, outcome: 'ok', change });
}
