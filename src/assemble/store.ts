import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { masterKeyFile } from '../archive/keys/master-key.ts';
import { openProvenKeys } from '../archive/keys/proven-keys.ts';
import { masterKeyVault } from '../archive/keys/vault.ts';
import { systemCaller } from '../domain/access/access.ts';
import { auditedChange } from '../domain/access/audit-change.ts';
import { AuditLog } from '../domain/access/audit-log.ts';
import { openDatabase, ownershipOptions } from '../open-database.ts';
import { closeDataFolder, makeFolder } from '../store/ownership/data-folder.ts';
import { Ownership } from '../store/ownership/ownership.ts';
import { type OnAdopt, toldPlace } from '../store/ownership/store-place.ts';
import { SqlStore } from '../store/store.ts';
import type { Context } from './context.ts';
import { naming } from './start-error.ts';

export type StoreParts = Awaited<ReturnType<typeof assembleStore>>;

/**
 * Takes the data folder and the database as their one owner, and opens the store and the master
 * keys. Nothing is read from the store, or written to it, before that.
 */
export async function assembleStore(context: Context) {
  const { config, disposal, logs } = context;
  const recordingsDir = join(config.dataDir, 'recordings');
  await naming('dataDir', async () => closeFolder(context));
  const setting = config.store.kind === 'postgres' ? 'store.url' : 'dataDir';
  const ownership = await naming(setting, () => Ownership.take(ownershipOptions(config)));
  disposal.add('ownership', () => ownership.release());
  await naming('dataDir', async () => makeFolder(recordingsDir));
  const whenStoreIsBack: (() => void)[] = [];
  const database = openDatabase(config, {
    onConnectionLost: (cause) => logs.store.warn({ err: cause }, 'a database connection was lost'),
    onAway: (cause) => logs.store.error({ err: cause }, 'the database does not answer'),
    onBack() {
      logs.store.warn({}, 'the database answers again');
      for (const listener of whenStoreIsBack) listener();
    },
  });
  disposal.add('database', () => database.close());
  await naming(setting, () => database.mustAnswer());
  const store = await naming(setting, () => SqlStore.open(database));
  const onAdopt = context.overrides.adopt ? adoption(context, store) : undefined;
  const claimed = await ownership.claim(store.owner, onAdopt);
  const keys = await openKeys(context, store);
  return {
    ownership,
    store,
    keys,
    vault: masterKeyVault(keys),
    /** Which copy of the store this is, and where. */
    claimed,
    recordingsDir,
    /** Called when the database was away and answers again. */
    whenStoreIsBack,
  };
}

/**
 * Closes the data folder to other users of the machine.
 * @throws DataFolderError
 */
function closeFolder({ config, logs }: Context): void {
  // A master key that others could read is refused, not closed: they may have read it.
  const untouched = [basename(masterKeyFile(config) ?? '')];
  const [first, ...others] = closeDataFolder(config.dataDir, { untouched });
  if (first === undefined) return;
  const detail = { path: first, count: others.length + 1 };
  logs.store.warn(detail, 'what was open to others in the data folder is now closed to them');
}

function adoption({ logs }: Context, store: SqlStore): OnAdopt {
  const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
  return (old, place) => {
    const [before, now] = [toldPlace(old), toldPlace(place)];
    logs.store.warn({ before, now }, 'this copy is the original from now on: calls of it are not');
    const change = auditedChange(before, now);
    const caller = systemCaller(userInfo().username, 'cli');
    return auditLog.record(auditLog.entry(caller, { action: 'adopt', outcome: 'ok', change }));
  };
}

function openKeys({ config, logs }: Context, store: SqlStore) {
  return openProvenKeys(config, store.keyChecks, {
    onMade: (file) =>
      logs.store.warn({ file }, 'a master key was made: who has it and the data folder can listen'),
    onUnopened: (count) =>
      logs.store.error({ count }, 'the master key does not open some of what the store holds'),
  });
}
