import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { anonymous } from '../../src/domain/access.ts';
import { AuditLog, MAX_LISTED_DENIALS } from '../../src/domain/audit-log.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';

const caller = { principal: anonymous('agent'), address: '192.0.2.1', door: 'v1' } as const;
const callId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';

describe.each(databaseKinds)('$name', (kind) => {
  const fixture = new StoreFixture(kind);
  const auditLog = () =>
    new AuditLog({ store: fixture.store, clock: { now: () => 1000 }, onError: () => undefined });

  test('what is written is found, newest first, by each filter', async () => {
    const writer = auditLog();
    const deeds = [
      { action: 'Pause', uccName: 'UCC-A', callId, outcome: 'ok' },
      { action: 'listen', uccName: 'ucc-b', outcome: 'ok' },
      { action: 'Mark', uccName: 'ucc-a', outcome: 'refused', reason: 'cannotPause' },
    ] as const;
    for (const deed of deeds) await writer.record(writer.entry(caller, deed));
    const found = async (filter: object) =>
      (await fixture.store.auditLog({ limit: 10, ...filter })).map(({ action }) => action);
    expect(await found({})).toEqual(['Mark', 'listen', 'Pause']);
    expect(await found({ uccName: 'ucc-a' })).toEqual(['Mark', 'Pause']);
    expect(await found({ callId })).toEqual(['Pause']);
    expect(await found({ outcome: 'refused' })).toEqual(['Mark']);
    expect(await found({ who: 'nobody' })).toEqual([]);
    expect(await found({ from: 1001 })).toEqual([]);
    const [newest] = await fixture.store.auditLog({ limit: 1 });
    expect(await found({ before: newest?.id })).toEqual(['listen', 'Pause']);
  });

  test('the database lets nobody change or delete a row', async () => {
    const writer = auditLog();
    await writer.record(writer.entry(caller, { action: 'Delete', outcome: 'ok' }));
    const { kysely } = fixture.database;
    const refused = 'the audit log is append-only';
    await expect(sql`update access_trail set who = 'x'`.execute(kysely)).rejects.toThrow(refused);
    await expect(sql`delete from access_trail`.execute(kysely)).rejects.toThrow(refused);
    expect(await fixture.store.auditLog({ limit: 10 })).toHaveLength(1);
  });

  test('a flood of denied attempts is listed for a while, and then counted', async () => {
    const writer = auditLog();
    for (let count = 0; count < 500; count += 1) {
      await writer.denied(caller, { action: 'GET /api/calls', reason: 'noToken' });
    }
    await writer.close();
    const rows = await fixture.store.auditLog({ limit: 100 });
    expect(rows).toHaveLength(MAX_LISTED_DENIALS + 1);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(500);
  });

  test('users and clients come and go, each with its row', async () => {
    const { people } = fixture.store;
    const writer = auditLog();
    const row = (action: string) => writer.entry(caller, { action, outcome: 'ok' });
    const user = {
      ...{ name: 'eva', passwordHash: 'scrypt$...', uccs: ['*'], sipUri: null, createdAt: 5 },
      roles: ['admin'] as const,
    };
    await people.saveUser(user, row('user add eva'));
    expect(await people.user('EVA')).toEqual(user);
    expect(await people.removeUser('eva', row('user remove eva'))).toBe(true);
    expect(await people.user('eva')).toBeUndefined();
    expect(await people.removeUser('eva', row('again'))).toBe(false);
    const client = { id: 'coreapi', secretHash: 'scrypt$...', createdAt: 6 };
    await people.saveClient(client, row('client add coreapi'));
    expect(await people.clients()).toEqual([client]);
    expect(await people.removeClient('coreapi', row('client remove coreapi'))).toBe(true);
    expect(await people.clients()).toEqual([]);
    const actions = (await fixture.store.auditLog({ limit: 10 })).map(({ action }) => action);
    expect(actions).toEqual([
      ...['client remove coreapi', 'client add coreapi', 'user remove eva', 'user add eva'],
    ]);
  });
});
