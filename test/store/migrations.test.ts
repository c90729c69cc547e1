import { Migrator } from 'kysely/migration';
import { describe, expect, it } from 'vitest';
import { partyKey } from '../../src/domain/identifiers/party-keys.ts';
import { migrateToLatest, migrations } from '../../src/store/schema/migrate.ts';
import { SqlStore } from '../../src/store/store.ts';
import { type DatabaseServer, databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall } from './samples.ts';

describe.each(databaseKinds)('migrations on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it('change nothing the second time', async () => {
    const call = aCall({ metadataIncomplete: ['malformed', 'sessionId'] });
    await fixture.store.commit({ call });
    await migrateToLatest(fixture.database.kysely);
    const again = await fixture.another();
    expect(await again.call(call.id)).toEqual(call);
  });

  it('make recordings of an older release searchable by party', async () => {
    const server = await kind.start();
    try {
      const empty = await server.empty();
      const old = empty.connect();
      const provider = { getMigrations: async () => migrations };
      const { error } = await new Migrator({ db: old.kysely, provider }).migrateTo(
        '0006-assurance',
      );
      expect(error).toBeUndefined();
      const call = aCall();
      const row = {
        id: call.id,
        correlation_id: call.correlationId,
        ucc_name: 'sales',
        version: 1,
        recording_state: 1,
        marking_state: 0,
        saving_state: 0,
        pause_confirmed: 1,
        leases: '[]',
        status: 'kept',
        recorded: 1,
        first_sequence: 1,
        last_sequence: 2,
        began_at: call.beganAt,
        parties: JSON.stringify(call.parties),
      };
      await old.kysely
        .insertInto('calls')
        .values(row as never)
        .execute();
      await old.close();
      const store = await SqlStore.open(empty.connect());
      for (const party of ['agent@x.example', 'agent', '+31880000000']) {
        const { records } = await store.recordings({ limit: 5, party });
        expect(records).toMatchObject([{ id: call.id, gaps: null, legalHold: null }]);
      }
      expect((await store.recordings({ limit: 5, agent: '+31880000000' })).records).toEqual([]);
      await store.close();
    } finally {
      await server.stop();
    }
  });

  it('make recordings of the previous release searchable by every spelling of a party', async () => {
    const server = await kind.start();
    try {
      const empty = await server.empty();
      const old = empty.connect();
      const provider = { getMigrations: async () => migrations };
      await new Migrator({ db: old.kysely, provider }).migrateTo('0007-archive');
      const parties = [{ aor: 'sip:+31-88-0000001@sbc:5060', name: null, role: 'agent' }];
      const row = {
        id: 'old',
        correlation_id: 'c',
        ucc_name: 'sales',
        version: 1,
        gap_reasons: 0,
        recording_state: 1,
        marking_state: 0,
        saving_state: 0,
        pause_confirmed: 1,
        leases: '[]',
        status: 'kept',
        recorded: 1,
        first_sequence: 1,
        last_sequence: 2,
        began_at: 5,
        parties: JSON.stringify(parties),
      };
      await old.kysely
        .insertInto('calls')
        .values(row as never)
        .execute();
      const key = { began_at: 5, call_id: 'old', ucc_name: 'sales', is_agent: 1 };
      await old.kysely
        .insertInto('call_parties')
        .values({ party_key: '+31-88-0000001@sbc', ...key } as never)
        .execute();
      await old.close();
      const store = await SqlStore.open(empty.connect());
      for (const spelling of ['tel:+31880000001', 'sip:%2B31880000001@other', '0031880000001']) {
        const { records } = await store.recordings({ limit: 5, agent: partyKey(spelling) });
        expect(records).toMatchObject([{ id: 'old', metadataIncomplete: null }]);
      }
      await store.close();
    } finally {
      await server.stop();
    }
  });

  it('run once for two processes that start together', async () => {
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
