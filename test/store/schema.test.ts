import { type Kysely, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { SqlStore } from '../../src/store/store.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';

describe.each(databaseKinds)('a store on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  const run = (...statements: readonly string[]): Promise<void> =>
    statements.reduce(
      (before, text) =>
        before.then(() => sql.raw(text).execute(kysely()) as unknown as Promise<void>),
      Promise.resolve(),
    );
  const kysely = (): Kysely<never> => fixture.database.kysely as unknown as Kysely<never>;

  it('opens repeatedly', async () => {
    await fixture.another();
    expect(await (await fixture.another()).uccs()).toEqual([]);
  });

  it.each([
    ['lacks a column', ['alter table calls drop column health'], 'calls lacks health'],
    ['lacks a table', ['drop table clock_anchors'], 'clock_anchors is missing'],
    [
      'has a column of before that must be given',
      [
        'drop table webhook_cursors',
        'create table webhook_cursors (webhook text, ucc_name text, sequence bigint, other text not null)',
      ],
      'webhook_cursors wants other',
    ],
  ])('that %s is refused in one sentence', async (_, statements, what) => {
    await run(...statements);
    const opening = fixture.another();
    await expect(opening).rejects.toThrow(/^The database does not have the tables of this version/);
    await expect(opening).rejects.toThrow(what);
  });

  it('with an extra column or index is accepted', async () => {
    await run('alter table calls add column note text', 'create index mine on calls (note)');
    expect(await fixture.another()).toBeInstanceOf(SqlStore);
  });

  it('of a newer release is refused in one sentence', async () => {
    await run("insert into kysely_migration (name, timestamp) values ('9999-later', '2031')");
    await expect(fixture.another()).rejects.toThrow(
      /^The database was changed by a newer Hush \(9999-later\), .*start the newer one/,
    );
  });
});
