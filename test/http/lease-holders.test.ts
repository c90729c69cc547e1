import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_LEASES_OF_HOLDER } from '../../src/domain/lease.ts';
import type { MarkerCall } from '../support/calls.ts';
import { agent, temporaryFolder, ucc } from '../support/hush.ts';
import { addPeople, fetchToken, tenantId } from '../support/people.ts';
import { type ApiBench, openBench } from './api-support.ts';

let bench: ApiBench;
let live: MarkerCall;
const tokens = new Map<string, string>();

async function open(requesterMustMatchToken = false): Promise<void> {
  const dataDir = temporaryFolder();
  const everywhere = { uccs: ['*'], sipUri: null };
  const people = await addPeople(dataDir, [
    { name: 'page', roles: ['integrator'], ...everywhere },
    { name: 'crm', roles: ['integrator'], ...everywhere },
    { name: 'eva', roles: ['agent'], uccs: ['*'], sipUri: agent },
    { name: 'tom', roles: ['agent'], uccs: ['*'], sipUri: 'sip:tom@domain.com' },
    { name: 'sue', roles: ['supervisor'], ...everywhere },
    { name: 'ada', roles: ['admin'], ...everywhere },
    { name: 'max', roles: ['auditor'], ...everywhere },
  ]);
  bench = await openBench({
    change: (config) => ({
      ...config,
      dataDir,
      auth: { ...config.auth, mode: 'embedded', tenantId, requesterMustMatchToken },
    }),
  });
  for (const person of people) tokens.set(person.name, await fetchToken(bench.hush.api, person));
  live = await bench.caller.call(bench.hush, { silent: true });
}

async function close(): Promise<void> {
  await live.call.end();
  await bench.close();
}

interface Asked {
  readonly owner: string;
  readonly body?: object;
  readonly query?: string;
  readonly idempotencyKey?: string;
}

/** Without a name: somebody without a token. */
async function ask(who: string | undefined, method: 'POST' | 'PUT' | 'DELETE', asked: Asked) {
  const path = method === 'POST' ? '' : `/${asked.owner}`;
  const body =
    method === 'POST' ? { owner: asked.owner, ttlMs: 60_000, ...asked.body } : asked.body;
  const token = who === undefined ? undefined : tokens.get(who);
  const response = await fetch(
    `${bench.hush.api}/api/calls/${live.correlationId}/pauses${path}${asked.query ?? ''}`,
    {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(method === 'DELETE' ? {} : { 'Content-Type': 'application/json' }),
        ...(asked.idempotencyKey ? { 'Idempotency-Key': asked.idempotencyKey } : {}),
      },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify(body ?? {}) }),
    },
  );
  const answer = (await response.json()) as { detail?: string };
  return [response.status, answer.detail];
}

async function pauses(who: string): Promise<unknown> {
  const path = `${bench.hush.api}/api/calls/${live.correlationId}/pauses`;
  const response = await fetch(path, { headers: { Authorization: `Bearer ${tokens.get(who)}` } });
  return ((await response.json()) as { pauses: unknown }).pauses;
}

const notYours = [403, 'Somebody else took this pause: its owner gives it back.'];

describe('a lease', () => {
  beforeAll(() => open());
  afterAll(close);

  test.each([['crm'], ['eva'], ['max'], [undefined]])(
    'of the payment page is neither renewed nor given back by %s',
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

  test.each([['crm'], ['eva'], ['sue'], ['ada'], [undefined]])(
    'whose name %s took first is the payment page’s own all the same',
    async (who) => {
      const owner = `squatted-by-${who ?? 'nobody'}`;
      expect((await ask(who, 'POST', { owner }))[0]).toBe(201);
      expect((await ask('page', 'POST', { owner }))[0]).toBe(201);
      expect(await pauses('page')).toMatchObject([
        { owner, isYours: false },
        { owner, isYours: true },
      ]);
      // Each renews its own, and it is as long as its holder asked for.
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

  test('is not refused for an Idempotency-Key that somebody else has used up', async () => {
    const idempotencyKey = 'order-1001';
    expect((await ask('eva', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    expect((await ask('eva', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    expect((await ask('page', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    // A supervisor ends the page's pause: the key that is used up is the page's.
    expect((await ask('sue', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    expect((await ask('page', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(409);
    expect((await ask('sue', 'POST', { owner: 'page', idempotencyKey }))[0]).toBe(201);
    expect((await ask('sue', 'DELETE', { owner: 'page' }))[0]).toBe(200);
  });

  test('is not refused because one holder has as many as it may', async () => {
    const owners = Array.from({ length: MAX_LEASES_OF_HOLDER + 1 }, (_, index) => `many-${index}`);
    const statuses: unknown[] = [];
    for (const owner of owners) statuses.push((await ask('eva', 'POST', { owner }))[0]);
    expect(statuses).toEqual([...owners.slice(1).map(() => 201), 409]);
    expect((await ask('page', 'POST', { owner: 'page' }))[0]).toBe(201);
    expect((await ask('page', 'DELETE', { owner: 'page' }))[0]).toBe(200);
    for (const owner of owners) await ask('eva', 'DELETE', { owner });
  });

  test.each([['sue'], ['ada']])('is ended by %s, and the audit log says so', async (who) => {
    const owner = `overridden-by-${who}`;
    await ask('page', 'POST', { owner });
    expect((await ask(who, 'PUT', { owner }))[0]).toBe(200);
    // It stays the page's, who renewed it or not.
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

  test('of a caller without a token is ended by another one, or by a supervisor', async () => {
    for (const who of [undefined, 'sue']) {
      expect((await ask(undefined, 'POST', { owner: 'anybody' }))[0]).toBe(201);
      expect(await ask('crm', 'DELETE', { owner: 'anybody' })).toEqual(notYours);
      expect((await ask(who, 'DELETE', { owner: 'anybody' }))[0]).toBe(200);
    }
  });

  test('is refused in a row that names the owner', async () => {
    await ask('page', 'POST', { owner: 'named' });
    await ask('crm', 'DELETE', { owner: 'named' });
    expect(await auditLog()).toContainEqual(
      expect.objectContaining({
        ...{ who: 'crm', action: 'LeaseReleased named', outcome: 'refused' },
        reason: 'notYourLease',
      }),
    );
    await ask('page', 'DELETE', { owner: 'named' });
  });

  test('is not of who gets the name of its holder', async () => {
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
    // Another role, or password, makes nobody somebody else.
    tokens.set('kim', await tokenOf('/kim', 'PUT', { ...kim, uccs: [ucc] }));
    expect((await ask('kim', 'PUT', { owner: 'reborn' }))[0]).toBe(200);
    await tokenOf('/kim', 'DELETE');
    tokens.set('kim', await tokenOf('/kim', 'PUT', kim));
    for (const method of ['PUT', 'DELETE'] as const) {
      expect(await ask('kim', method, { owner: 'reborn' })).toEqual(notYours);
    }
    expect((await ask('sue', 'DELETE', { owner: 'reborn' }))[0]).toBe(200);
  });

  test('goes on with a fresh token of its holder', async () => {
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
  ])('whose taker names %s (%s, %s): %i', async (_, who, requester, status, detail) => {
    const given = requester === undefined ? {} : { requester };
    expect(await ask(who, 'POST', { owner: 'on-behalf', body: given })).toEqual([status, detail]);
    if (status !== 201) return;
    const query = requester === undefined ? '' : `?requester=${encodeURIComponent(requester)}`;
    expect((await ask(who, 'PUT', { owner: 'on-behalf', body: given }))[0]).toBe(200);
    expect((await ask(who, 'DELETE', { owner: 'on-behalf', query }))[0]).toBe(200);
  });
});

describe('a lease where requesterMustMatchToken', () => {
  beforeAll(() => open(true));
  afterAll(close);

  test('is taken by who speaks as a member of the UCC, and by nobody else', async () => {
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

async function auditLog(): Promise<{ who: string; action: string; outcome: string }[]> {
  const response = await fetch(`${bench.hush.api}/api/audit-log?limit=100&ucc=${ucc}`, {
    headers: { Authorization: `Bearer ${tokens.get('ada')}` },
  });
  const { items } = (await response.json()) as { items: Awaited<ReturnType<typeof auditLog>> };
  return items;
}
