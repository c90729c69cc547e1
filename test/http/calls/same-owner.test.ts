import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_LEASES_OF_HOLDER } from '../../../src/domain/model/lease.ts';
import { ucc } from '../../support/hush/hush.ts';
import { fetchToken } from '../../support/people.ts';
import { ask, bench, close, live, notYours, open, pauses, tokens } from './lease-bench.ts';

describe('a lease', () => {
  beforeAll(() => open());
  afterAll(close);

  test.each([['crm'], ['eva'], ['sue'], ['ada'], [undefined]])(
    'with a name that %s took first still belongs to the payment page',
    async (who) => {
      const owner = `squatted-by-${who ?? 'nobody'}`;
      expect((await ask(who, 'POST', { owner }))[0]).toBe(201);
      expect((await ask('page', 'POST', { owner }))[0]).toBe(201);
      expect(await pauses('page')).toMatchObject([
        { owner, isYours: false },
        { owner, isYours: true },
      ]);
      // Each renews its own, for as long as its holder requested.
      expect((await ask('page', 'PUT', { owner, body: { ttlMs: 90_000 } }))[0]).toBe(200);
      expect((await ask(who, 'PUT', { owner, body: { ttlMs: 30_000 } }))[0]).toBe(200);
      expect((await ask(who, 'DELETE', { owner }))[0]).toBe(200);
      const call = await bench.hush.get(`/api/calls/${live.correlationId}`);
      expect(call.pausedBy).toEqual([owner]);
      expect(call.notKeptSince).not.toBeNull();
      expect(await pauses('page')).toMatchObject([{ owner, isYours: true }]);
      if (who !== 'sue' && who !== 'ada') {
        expect((await ask(who, 'DELETE', { owner }))[0]).toBe(403);
      }
      expect((await ask('page', 'DELETE', { owner }))[0]).toBe(200);
      expect((await ask('page', 'PUT', { owner }))[0]).toBe(404);
      expect((await bench.hush.get(`/api/calls/${live.correlationId}`)).pausedBy).toEqual([]);
    },
  );

  test('of two holders is ended by a supervisor one after the other', async () => {
    const owner = 'both';
    for (const who of ['eva', 'page']) await ask(who, 'POST', { owner });
    expect((await ask('sue', 'DELETE', { owner }))[0]).toBe(200);
    expect(await pauses('page')).toMatchObject([{ owner, isYours: true }]);
    expect((await ask('sue', 'DELETE', { owner }))[0]).toBe(200);
    expect((await ask('sue', 'DELETE', { owner }))[0]).toBe(404);
  });

  test('is not refused for an Idempotency-Key that somebody else has used', async () => {
    const idempotencyKey = 'order-1001';
    expect((await ask('eva', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    expect((await ask('eva', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    expect((await ask('page', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    // A supervisor ends the page's pause: the used key is the page's.
    expect((await ask('sue', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    expect((await ask('page', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(409);
    expect((await ask('sue', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    expect((await ask('sue', 'DELETE', { owner: 'page' }))[0]).toBe(200);
  });

  test('is not refused because another holder is at its limit', async () => {
    const owners = Array.from({ length: MAX_LEASES_OF_HOLDER + 1 }, (_, index) => `many-${index}`);
    const statuses: unknown[] = [];
    for (const owner of owners) statuses.push((await ask('eva', 'POST', { owner }))[0]);
    expect(statuses).toEqual([...owners.slice(1).map(() => 201), 409]);
    expect((await ask('page', 'POST', { owner: 'page' }))[0]).toBe(201);
    expect((await ask('page', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    for (const owner of owners) await ask('eva', 'DELETE', { owner });
  });

  test('does not pass to a new user with the name of its holder', async () => {
    const tokenOf = async (path: string, method: string, body?: object) => {
      const response = await fetch(`${bench.hush.api}/api/users${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${tokens.get('ada')}`,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      expect(response.status).toBeLessThan(300);
      return fetchToken(bench.hush.api, { name: 'kim', password: 'a long pass phrase' }).catch(
        () => '',
      );
    };
    const kim = { password: 'a long pass phrase', roles: ['integrator'], uccs: ['*'] };
    tokens.set('kim', await tokenOf('/kim', 'PUT', kim));
    expect((await ask('kim', 'POST', { owner: 'reborn' }))[0]).toBe(201);
    // Another role or password does not make another user.
    tokens.set('kim', await tokenOf('/kim', 'PUT', { ...kim, uccs: [ucc] }));
    expect((await ask('kim', 'PUT', { owner: 'reborn' }))[0]).toBe(200);
    await tokenOf('/kim', 'DELETE');
    tokens.set('kim', await tokenOf('/kim', 'PUT', kim));
    for (const method of ['PUT', 'DELETE'] as const) {
      expect(await ask('kim', method, { owner: 'reborn' })).toEqual(notYours);
    }
    expect((await ask('sue', 'DELETE', { owner: 'reborn' }))[0]).toBe(200);
  });
});
