import { spawn } from 'node:child_process';
import { Ownership } from '../../../src/store/ownership/ownership.ts';
import { openPostgres } from '../../../src/store/postgres/postgres.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { aCall } from '../samples.ts';
import type { OwnerOptions } from './owner-process.ts';

/** An owner of a data folder, and of a database, that commits on request. */
const { withChild, ...options } = JSON.parse(process.argv[2] ?? '{}') as OwnerOptions;
const tell = (message: object): void => void process.send?.(message);

try {
  const ownership = await Ownership.take(options);
  const { dataDir, url } = options;
  const store = await SqlStore.open(
    url === undefined
      ? openSqlite(`${dataDir}/hush.sqlite`)
      : openPostgres({
          url,
          maxConnections: 2,
          timeoutMs: 2_000,
          onConnectionLost: () => undefined,
        }),
  );
  ownership.onLost((reason) => tell({ lost: reason }));
  await ownership.claim(store.owner);
  // A child that outlives this process, with the file descriptors that a child inherits.
  const child = withChild
    ? spawn('sleep', ['60'], { detached: true, stdio: 'inherit' }).pid
    : undefined;
  process.on('message', async (message) => {
    if (message === 'commit') {
      const refused = await store.commit({ call: aCall() }).then(
        () => null,
        (cause: Error) => cause.message,
      );
      tell({ refused });
    }
    if (message === 'sure?') tell({ sure: ownership.isSure });
    if (message === 'leave') ownership.leaving();
    if (message === 'end') {
      await store.close();
      await ownership.release();
      process.disconnect?.();
    }
  });
  tell({ owns: true, child });
} catch (cause) {
  tell({ failed: (cause as Error).message });
  process.exitCode = 1;
  process.disconnect?.();
}
