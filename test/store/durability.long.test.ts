import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { DurabilityError } from '../../src/store/postgres/postgres-durability.ts';
import { SqlStore } from '../../src/store/store.ts';
import { few } from '../support/length.ts';
import { type DatabaseServer, startPostgres } from './database-servers.ts';

describe('a PostgreSQL server', () => {
  const servers: DatabaseServer[] = [];
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  async function started(flags: readonly string[] = []): Promise<DatabaseServer> {
    const server = await startPostgres(flags);
    servers.push(server);
    return server;
  }

  async function query(url: string, ...texts: readonly string[]): Promise<object[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    let rows: object[] = [];
    for (const text of texts) ({ rows } = await client.query(text));
    await client.end();
    return rows;
  }

  it('with fsync off is refused with a sentence, before it is written to', async () => {
    const empty = await (await started(['-c', 'fsync=off'])).empty();
    const opening = SqlStore.open(empty.connect());
    await expect(opening).rejects.toThrow(DurabilityError);
    await expect(opening).rejects.toThrow(/fsync off: .*switch fsync on$/);
    const tables = "select 1 from pg_tables where schemaname = 'public'";
    expect(await query(empty.url ?? '', tables)).toEqual([]);
  });

  let lasting: Promise<DatabaseServer> | undefined;
  it.each(
    few([
      ['off', 'on'],
      ['local', 'on'],
      ['remote_write', 'on'],
      ['on', 'on'],
      ['remote_apply', 'remote_apply'],
    ] as const),
  )('whose synchronous_commit is %s commits with %s', async (configured, expected) => {
    lasting ??= started();
    const empty = await (await lasting).empty();
    await query(
      empty.url ?? '',
      `alter system set synchronous_commit = '${configured}'`,
      'select pg_reload_conf()',
      `alter role hush set synchronous_commit = '${configured}'`,
    );
    const database = empty.connect();
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
