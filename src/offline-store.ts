import { basename } from 'node:path';
import { masterKeyFile } from './archive/keys/master-key.ts';
import { hashPassword, hashSecret } from './auth/password-hash.ts';
import type { Config } from './config/schema.ts';
import { AccountService } from './domain/access/account-service.ts';
import { AuditLog } from './domain/access/audit-log.ts';
import { uccKey } from './domain/model/ucc.ts';
import { openDatabase, ownershipOptions } from './open-database.ts';
import { closeDataFolder } from './store/ownership/data-folder.ts';
import { Ownership } from './store/ownership/ownership.ts';
import { isBehind } from './store/schema/migrate.ts';
import { SqlStore } from './store/store.ts';

/**
 * Where users and clients are added and removed; works beside a running Hush: it writes rows that
 * Hush reads anew each time, and nothing of calls.
 */
export interface OfflineStore {
  readonly register: AccountService;
  readonly auditLog: Pick<AuditLog, 'entry' | 'refused'>;
  /** Names of those in the store, and of those that the next start puts there. */
  uccs(): Promise<string[]>;
  close(): Promise<void>;
}

/** The composition root of the commands that need no server: only the store is opened. */
export async function openOfflineStore(config: Config): Promise<OfflineStore> {
  closeDataFolder(config.dataDir, { untouched: [basename(masterKeyFile(config) ?? '')] });
  const store = await openStoreBeside(config);
  const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
  const { people } = store;
  const register = new AccountService({ people, hashPassword, hashSecret, now: Date.now });
  const uccs = async () => {
    const names = [...(await store.uccs()), ...config.uccs].map(({ name }) => uccKey(name));
    return [...new Set(names)];
  };
  return { register, auditLog, uccs, close: () => store.close() };
}

/** Tables are made, or changed, by one process only: by this one where no Hush runs. */
export async function openStoreBeside(config: Config): Promise<SqlStore> {
  const database = openDatabase(config, { onConnectionLost: () => undefined });
  let ownership: Ownership | undefined;
  try {
    if (await isBehind(database.kysely)) ownership = await Ownership.take(ownershipOptions(config));
  } catch (cause) {
    await database.close();
    throw cause;
  }
  return SqlStore.open(database).finally(() => ownership?.release());
}
