import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { anonymous } from '../../src/domain/access/access.ts';
import { auditedChange } from '../../src/domain/access/audit-change.ts';
import { MAX_LISTED_DENIALS } from '../../src/domain/access/audit-folding.ts';
import { AuditLog } from '../../src/domain/access/audit-log.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';

const caller = { principal: anonymous('agent'), address: '192.0.2.1', surface: 'v1' } as const;
const callId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
const correlationId = '5b3d1f0e-11aa-4f0c-98ff-0968292c8c30';

describe.each(databaseKinds)('the audit log on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  const auditLog = () =>
    new AuditLog({ store: fixture.store, clock: { now: () => 1000 }, onError: () => undefined });

  test('finds rows by each filter, newest first', async () => {
    const writer = auditLog();
    const actions = [
      { action: 'Pause', uccName: 'UCC-A', callId, outcome: 'ok' },
      { action: 'listen', uccName: 'ucc-b', outcome: 'ok' },
      { action: 'Mark', uccName: 'ucc-a', outcome: 'refused', correlationId },
    ] as const;
    for (const action of actions) await writer.record(writer.entry(caller, action));
    const found = async (filter: object) =>
      (await fixture.store.auditLog({ limit: 10, ...filter })).map(({ action }) => action);
    expect(await found({})).toEqual(['Mark', 'listen', 'Pause']);
    expect(await found({ uccName: 'ucc-a' })).toEqual(['Mark', 'Pause']);
    expect(await found({ callId })).toEqual(['Pause']);
    expect(await found({ call: callId })).toEqual(['Pause']);
    expect(await found({ call: correlationId })).toEqual(['Mark']);
    expect(await found({ action: 'listen' })).toEqual(['listen']);
    expect(await found({ outcome: 'refused' })).toEqual(['Mark']);
    expect(await found({ who: 'nobody' })).toEqual([]);
    expect(await found({ from: 1001 })).toEqual([]);
    const [newest] = await fixture.store.auditLog({ limit: 1 });
    expect(await found({ before: newest?.id })).toEqual(['listen', 'Pause']);
  });

  test('lets nobody change or delete a row', async () => {
    const writer = auditLog();
    await writer.record(writer.entry(caller, { action: 'Delete', outcome: 'ok' }));
    const { kysely } = fixture.database;
    const refused = 'the access trail is append-only';
    await expect(sql`update access_trail set who = 'x'`.execute(kysely)).rejects.toThrow(refused);
    await expect(sql`delete from access_trail`.execute(kysely)).rejects.toThrow(refused);
    expect(await fixture.store.auditLog({ limit: 10 })).toHaveLength(1);
  });

  test('lists a flood of denied attempts for a while, then counts it', async () => {
    const writer = auditLog();
    for (let count = 0; count < 500; count += 1) {
      await writer.denied(caller, { action: 'GET /api/calls', reason: 'noToken' });
    }
    await writer.close();
    const rows = await fixture.store.auditLog({ limit: 100 });
    expect(rows).toHaveLength(MAX_LISTED_DENIALS + 1);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(500);
  });

  test('stores the changed values, the reason and the requester', async () => {
    const writer = auditLog();
    const change = auditedChange({ retentionDays: 30 }, { retentionDays: 1 });
    const requester = 'sip:agent@domain.com';
    const audited = { action: 'ucc change a', outcome: 'ok', requester, change } as const;
    await writer.record(writer.entry(caller, { ...audited, reason: 'r'.repeat(600) }));
    const [row] = await fixture.store.auditLog({ limit: 1 });
    expect(row).toMatchObject({ requester, reason: 'r'.repeat(500) });
    const kept = [row?.before, row?.after].map((json) => JSON.parse(json ?? ''));
    expect(kept).toEqual([{ retentionDays: 30 }, { retentionDays: 1 }]);
  });

  test('a webhook is removed with its cursors, its dead letters and a row of the remover', async () => {
    const { webhooks } = fixture.store;
    const writer = auditLog();
    const row = (action: string) => writer.entry(caller, { action, outcome: 'ok' });
    const crm = { name: 'crm', url: 'https://a/', uccs: [], secret: 's', enabled: true };
    const cursor = { webhook: 'crm', uccName: 'a', sequence: 4 };
    await webhooks.save(crm, [cursor], row('webhook save crm'));
    const letter = { attempts: 1, lastStatus: null, reason: 'timeout', failedAt: 5 } as const;
    await webhooks.saveDeadLetter({ ...cursor, ...letter });
    await webhooks.remove('crm', row('webhook remove crm'));
    expect(await webhooks.webhooks()).toEqual([]);
    expect(await webhooks.cursors('crm')).toEqual(new Map());
    expect(await webhooks.deadLetterCount('crm')).toBe(0);
    const actions = (await fixture.store.auditLog({ limit: 10 })).map(({ action }) => action);
    expect(actions).toEqual(['webhook remove crm', 'webhook save crm']);
  });

  test('users and clients are added and removed, each with a row', async () => {
    const { people } = fixture.store;
    const writer = auditLog();
    const row = (action: string) => writer.entry(caller, { action, outcome: 'ok' });
    const user = {
      name: 'eva',
      passwordHash: 'scrypt$...',
      uccs: ['*'],
      sipUri: null,
      createdAt: 5,
      roles: ['admin'] as const,
    };
    await people.saveUser(user, row('user add eva'));
    expect(await people.user('EVA')).toMatchObject(user);
    expect(await people.removeUser('eva', row('user remove eva'))).toBe(true);
    expect(await people.user('eva')).toBeUndefined();
    expect(await people.removeUser('eva', row('again'))).toBe(false);
    const client = { id: 'coreapi', secretHash: 'scrypt$...', createdAt: 6 };
    await people.saveClient(client, row('client add coreapi'));
    expect(await people.clients()).toMatchObject([client]);
    expect(await people.removeClient('coreapi', row('client remove coreapi'))).toBe(true);
    expect(await people.clients()).toEqual([]);
    const actions = (await fixture.store.auditLog({ limit: 10 })).map(({ action }) => action);
    expect(actions).toEqual([
      ...['client remove coreapi', 'client add coreapi', 'user remove eva', 'user add eva'],
    ]);
  });
});
