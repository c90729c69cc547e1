import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { anonymous } from '../../src/domain/access/access.ts';
import { AuditLog } from '../../src/domain/access/audit-log.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';

const caller = { principal: anonymous('agent'), address: '192.0.2.1', surface: 'v1' } as const;

describe.each(databaseKinds)('the reader of $name', (kind) => {
  const fixture = new StoreFixture(kind);

  /** A query that examines millions of rows on a connection for reading. */
  function slowQuery(): Promise<unknown> {
    return sql`
      with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000000)
      select count(*) from n`.execute(fixture.database.reader);
  }

  test('delays no commit with long queries', async () => {
    const { store } = fixture;
    await store.auditLog({ limit: 1 });
    const order: string[] = [];
    const note = (what: string) => () => void order.push(what);
    // All connections for reading are busy.
    const slow = Promise.all([slowQuery(), slowQuery()]).then(note('slow'));
    const reads = [
      store.auditLog({ limit: 10, who: 'nobody' }),
      store.recordings({ limit: 10 }),
      store.events('ucc', 0, 10),
      store.lastSequences(),
      store.assurance.alarms({ limit: 10 }),
      store.assurance.callsOf({ from: 0, to: 1, limit: 10 }),
      store.assurance.callsByCorrelationId(['x']),
      store.webhooks.deadLetters('x', { limit: 10 }),
      store.webhooks.deadLetterCount('x'),
    ].map((read: Promise<unknown>) => read.then(note('read')));
    const trail = new AuditLog({ store, clock: Date, onError: () => undefined });
    const entry = trail.entry(caller, { action: 'Pause', outcome: 'ok' });
    await trail.record(entry);
    order.push('committed');
    await Promise.all([slow, ...reads]);
    expect(order[0]).toBe('committed');
    expect(order).toHaveLength(reads.length + 2);
    // Committed rows are visible at once.
    expect(await store.auditLog({ limit: 10 })).toHaveLength(1);
  });

  test('does not prevent destroyed keys from being forgotten while reads go on', async () => {
    const { store, database } = fixture;
    let isReading = true;
    const read = async (): Promise<void> => {
      while (isReading) await store.auditLog({ limit: 1 });
    };
    const readers = Array.from({ length: 4 }, read);
    try {
      await store.commit({});
      for (let turn = 0; turn < 5; turn += 1) await database.forgetDeleted();
    } finally {
      isReading = false;
      await Promise.all(readers);
    }
  });
});
