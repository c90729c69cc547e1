import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { DurabilityError } from '../../src/store/postgres/postgres-durability.ts';
import type { Database } from '../../src/store/rows/database.ts';
import { SqlStore } from '../../src/store/store.ts';
import { type DatabaseServer, startPostgres } from './database-servers.ts';

describe('a PostgreSQL server', () => {
  let server: DatabaseServer;
  afterEach(() => server.stop());

  async function open(flags: readonly string[]): Promise<{ database: Database; url: string }> {
    server = await startPostgres(flags);
    const empty = await server.empty();
    return { database: empty.connect(), url: empty.url ?? '' };
  }

  it('with fsync off is refused with a sentence, before any write', async () => {
    const { database, url } = await open(['-c', 'fsync=off']);
    const opening = SqlStore.open(database);
    await expect(opening).rejects.toThrow(DurabilityError);
    await expect(opening).rejects.toThrow(/fsync off: .*switch fsync on$/);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query("select 1 from pg_tables where schemaname = 'public'");
    await client.end();
    expect(rows).toEqual([]);
  });

  it.each([
    ['off', 'on'],
    ['local', 'on'],
    ['remote_write', 'on'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ])('whose synchronous_commit is %s commits with %s', async (configured, expected) => {
    const { database, url } = await open(['-c', `synchronous_commit=${configured}`]);
    const role = new pg.Client({ connectionString: url });
    await role.connect();
    await role.query(`alter role hush set synchronous_commit = '${configured}'`);
    await role.end();
    const store = await SqlStore.open(database);
    await store.owner.claim('here', () => undefined);
    const seen = await database.change(
      async (kysely) =>
        (
          await sql<{ is: string }>`select current_setting('synchronous_commit') as is`.execute(
            kysely,
          )
        ).rows,
    );
    expect(seen).toEqual([{ is: expected }]);
    await store.close();
  });
});
