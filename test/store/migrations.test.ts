import { describe, expect, it } from 'vitest';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { SqlStore } from '../../src/store/store.ts';
import { type DatabaseServer, databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall } from './samples.ts';

describe.each(databaseKinds)('migrations on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it('changes nothing the second time', async () => {
    const call = aCall();
    await fixture.store.commit({ call });
    await migrateToLatest(fixture.database.kysely);
    const again = await fixture.another();
    expect(await again.call(call.id)).toEqual(call);
  });

  it('is done once by two processes that start at once', async () => {
    const server: DatabaseServer = await kind.start();
    try {
      const empty = await server.empty();
      const stores = await Promise.all([1, 2].map(() => SqlStore.open(empty.connect())));
      const call = aCall();
      await stores[0]?.commit({ call });
      expect(await stores[1]?.call(call.id)).toEqual(call);
      await Promise.all(stores.map((store) => store.close()));
    } finally {
      await server.stop();
    }
  });
});
