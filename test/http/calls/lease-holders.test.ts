import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent } from '../../support/hush/hush.ts';
import { fetchToken } from '../../support/people.ts';
import { ask, auditLog, bench, close, notYours, open, tokens } from './lease-bench.ts';

describe('a lease', () => {
  beforeAll(() => open());
  afterAll(close);

  test.each([['crm'], ['eva'], ['max'], [undefined]])(
    'of the payment page is neither renewed nor released by %s',
    async (who) => {
      const owner = `page-of-${who ?? 'nobody'}`;
      expect((await ask('page', 'POST', { owner }))[0]).toBe(201);
      for (const method of ['PUT', 'DELETE'] as const) {
        const [status, detail] = await ask(who, method, { owner });
        expect(status).toBe(403);
        if (who !== 'max') expect(detail).toBe(notYours[1]);
      }
      expect((await ask('page', 'PUT', { owner }))[0]).toBe(200);
      expect((await ask('page', 'DELETE', { owner }))[0]).toBe(200);
    },
  );

  test.each([['sue'], ['ada']])('can be ended by %s, which is audited', async (who) => {
    const owner = `overridden-by-${who}`;
    await ask('page', 'POST', { owner });
    expect((await ask(who, 'PUT', { owner }))[0]).toBe(200);
    // It stays the page's, whoever renewed it.
    expect((await ask('page', 'PUT', { owner }))[0]).toBe(200);
    expect((await ask(who, 'DELETE', { owner }))[0]).toBe(200);
    const deeds = (await auditLog()).filter(({ action }) => action.includes(owner));
    expect(deeds.map(({ who: name, action }) => `${name}: ${action}`).reverse()).toEqual([
      `page: LeaseTaken ${owner}`,
      `${who}: LeaseRenewed ${owner} (overridePause)`,
      `page: LeaseRenewed ${owner}`,
      `${who}: LeaseReleased ${owner} (overridePause)`,
    ]);
  });

  test('of a caller without a token is ended by another such caller, or by a supervisor', async () => {
    for (const who of [undefined, 'sue']) {
      expect((await ask(undefined, 'POST', { owner: 'anybody' }))[0]).toBe(201);
      expect(await ask('crm', 'DELETE', { owner: 'anybody' })).toEqual(notYours);
      expect((await ask(who, 'DELETE', { owner: 'anybody' }))[0]).toBe(200);
    }
  });

  test('is refused in an audit row that names the owner', async () => {
    await ask('page', 'POST', { owner: 'named' });
    await ask('crm', 'DELETE', { owner: 'named' });
    expect(await auditLog()).toContainEqual(
      expect.objectContaining({
        who: 'crm',
        action: 'LeaseReleased named',
        outcome: 'refused',
        reason: 'notYourLease',
      }),
    );
    await ask('page', 'DELETE', { owner: 'named' });
  });

  test('continues with a fresh token of its holder', async () => {
    await ask('page', 'POST', { owner: 'fresh' });
    const person = { name: 'page', password: 'the password of page' };
    tokens.set('page', await fetchToken(bench.hush.api, person));
    expect((await ask('page', 'DELETE', { owner: 'fresh' }))[0]).toBe(200);
  });

  test.each([
    ['nobody', 'page', undefined, 201, undefined],
    ['an agent of the UCC', 'page', agent, 201, undefined],
    [
      'somebody else',
      'page',
      'sip:stranger@domain.com',
      403,
      'The requester is not an agent or supervisor of a UCC of this call.',
    ],
    ['no URI', 'page', 'eva', 400, 'requester is neither a SIP nor a tel URI.'],
    ['itself', 'eva', agent, 201, undefined],
    ['nobody, and is one of the UCC', 'eva', undefined, 201, undefined],
    [
      'another agent',
      'eva',
      'sip:tom@domain.com',
      403,
      'You may not command on behalf of that requester.',
    ],
    [
      'nobody, and is none of the UCC',
      'tom',
      undefined,
      403,
      'The requester is not an agent or supervisor of a UCC of this call.',
    ],
  ])('whose taker names %s (%s, %s) is answered %i', async (_, who, requester, status, detail) => {
    const given = requester === undefined ? {} : { requester };
    expect(await ask(who, 'POST', { owner: 'on-behalf', body: given })).toEqual([status, detail]);
    if (status !== 201) return;
    const query = requester === undefined ? '' : `?requester=${encodeURIComponent(requester)}`;
    expect((await ask(who, 'PUT', { owner: 'on-behalf', body: given }))[0]).toBe(200);
    expect((await ask(who, 'DELETE', { owner: 'on-behalf', query }))[0]).toBe(200);
  });
});

describe('a lease with requesterMustMatchToken', () => {
  beforeAll(() => open(true));
  afterAll(close);

  test('is taken only by a token that names a member of the UCC', async () => {
    const status = async (who: string | undefined, requester?: string) => {
      const body = requester === undefined ? {} : { requester };
      return (await ask(who, 'POST', { owner: 'matching', body }))[0];
    };
    expect(await status('page', agent)).toBe(403);
    expect(await status('page')).toBe(403);
    expect(await status(undefined)).toBe(403);
    expect(await status('eva')).toBe(201);
    expect((await ask('eva', 'DELETE', { owner: 'matching' }))[0]).toBe(200);
  });
});
