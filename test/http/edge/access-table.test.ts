import { HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Role, roles } from '../../../src/domain/model/principal.ts';
import { hubContract } from '../../../src/hub/hub-contract.ts';
import { routesOf, accessTable as table } from '../../support/access-table.ts';
import { TestHush, ucc } from '../../support/hush/hush.ts';
import { fetchToken, hushWithPeople, tenantId } from '../../support/people.ts';

const id = '00000000-0000-4000-8000-000000000000';

let hush: TestHush;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  const started = await hushWithPeople();
  hush = started.hush;
  for (const role of roles) tokens.set(role, await fetchToken(hush.api, started.people[role]));
});
afterAll(() => hush.remove());

/** Returns whether the caller was admitted, whatever the outcome, or how it was refused. */
async function knock(route: string, token: string | undefined): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const filled = path
    .replace(':uccName', ucc)
    .replace(':correlationId', id)
    .replace(':tenantId', tenantId)
    .replace(':id', id)
    .replace(':name', method === 'GET' ? ucc : 'nothing-there');
  const hasBody = method === 'PUT' || method === 'PATCH' || route.endsWith('/set');
  const abort = new AbortController();
  const response = await fetch(hush.api + filled, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(hasBody ? { 'Content-Type': 'application/json' } : {}),
    },
    // An admitted request changes nothing: the body is neither settings nor a command.
    ...(hasBody ? { body: '{"nothing":0}' } : {}),
    signal: abort.signal,
  });
  abort.abort();
  return response.status;
}

/** v1 takes no token: its rows are tested with `auth.anonymousRole` below. */
const isV1 = (route: string) => route.includes('/attendantservice/api/recording/');

describe('the access table of routes', () => {
  const rows = table('route');

  test('lists every route that the server has, and no other', async () => {
    const described = await routesOf(hush, tokens.get('admin') ?? '');
    const listed = rows.map(({ name }) => name);
    const hidden = ['GET /api/openapi.json', 'GET /docs'];
    expect([...listed].sort()).toEqual([...described, ...hidden].sort());
    expect(listed).toHaveLength(70);
  });

  test.each(rows.flatMap(({ name, cells }) => roles.map((role) => [name, role, cells[role]])))(
    '%s as %s: %s',
    async (name = '', role, cell) => {
      if (isV1(name)) {
        expect(await knock(name, tokens.get(role as Role)), 'v1 is off').toBe(403);
        return;
      }
      const status = await knock(name, tokens.get(role as Role));
      if (cell === 'no') expect(status).toBe(403);
      else expect([401, 403, 405, 429, 500]).not.toContain(status);
    },
  );

  test.each(rows.map(({ name, cells }) => [name, cells.admin]))(
    '%s without a token',
    async (name = '', cell) => {
      const status = await knock(name, undefined);
      if (cell !== 'open') expect(status).toBe(isV1(name) ? 403 : 401);
      else if (name.endsWith('/token')) expect(status).toBe(400);
      else expect([401, 403, 405, 429, 500]).not.toContain(status);
    },
  );
});

describe('the access table of v1, by auth.anonymousRole', () => {
  test.each(roles.map((role) => [role]))('%s', async (role) => {
    const other = await TestHush.start({
      config: (config) => ({
        ...config,
        auth: { ...config.auth, mode: 'embedded', tenantId, anonymousRole: role },
      }),
    });
    for (const { name, cells } of table('route').filter((row) => isV1(row.name))) {
      const [method, path = ''] = name.split(' ');
      const response = await fetch(
        other.api + path.replace(':uccName', ucc).replace(':correlationId', id),
        {
          method: method ?? 'GET',
          ...(method === 'POST'
            ? { body: '{}', headers: { 'Content-Type': 'application/json' } }
            : {}),
        },
      );
      expect(response.status, name).toBe(cells[role] === 'yes' ? 200 : 403);
    }
    await other.remove();
  });
});

describe('the access table of hub methods', () => {
  const rows = table('method');

  test('lists every method that the hub has, and no other', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(hubContract.methods));
  });

  test.each(roles.map((role) => [role]))('%s', async (role) => {
    const connection = new HubConnectionBuilder()
      .withUrl(hush.api + hubContract.paths.signalrV2, {
        accessTokenFactory: () => tokens.get(role) ?? '',
      })
      .configureLogging(5)
      .build();
    await connection.start();
    for (const { name, cells } of rows) {
      const call = connection.invoke(name, name === 'SubscribeCall' ? id : ucc);
      if (cells[role] === 'yes') await expect(call, name).resolves.toBeFalsy();
      else await expect(call, name).rejects.toThrow('not allowed');
    }
    await connection.stop();
  });
});
