import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hubContract } from '../../../src/hub/hub-contract.ts';
import type { MarkerCall } from '../../support/calls.ts';
import { agent, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { addPeople, fetchToken, tenantId } from '../../support/people.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

let bench: ApiBench;
let live: MarkerCall;
let kept: { readonly id: string; readonly correlationId: string };
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const people = await addPeople(dataDir, [
    { name: 'ada', roles: ['admin'], uccs: ['*'], sipUri: null },
    { name: 'sam', roles: ['supervisor', 'integrator'], uccs: ['elsewhere'], sipUri: null },
  ]);
  bench = await openBench({
    change: (config) => ({
      ...config,
      dataDir,
      auth: { ...config.auth, mode: 'embedded', tenantId },
    }),
  });
  for (const person of people) {
    tokens[person.name] = await fetchToken(bench.hush.api, person);
  }
  await ask('ada', 'PUT', '/api/uccs/elsewhere', {});
  kept = await record(bench);
  live = await bench.caller.call(bench.hush);
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

function ask(who: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(bench.hush.api + path, {
    method,
    headers: {
      Authorization: `Bearer ${tokens[who]}`,
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function rows(query: string): Promise<Record<string, unknown>[]> {
  const response = await ask('ada', 'GET', `/api/audit-log?limit=100&${query}`);
  return ((await response.json()) as { items: Record<string, unknown>[] }).items;
}

const named = 'No such';
const id = (of: 'live' | 'kept'): string => (of === 'live' ? live.correlationId : kept.id);

describe('requests of a bearer for other UCCs are audited as denied', () => {
  test.each([
    ['GET', '/api/events?ucc=UCC', '/api/events', undefined],
    ['GET', '/api/uccs/UCC', '/api/uccs/:name', undefined],
    ['GET', '/api/calls/LIVE', '/api/calls/:id', undefined],
    ['GET', '/api/calls/KEPT/receipts', '/api/calls/:id/receipts', undefined],
    ['GET', '/api/calls/LIVE/audio', '/api/calls/:id/audio', undefined],
    ['GET', '/api/calls/LIVE/pauses', '/api/calls/:id/pauses', undefined],
    ['POST', '/api/calls/LIVE/pauses', '/api/calls/:id/pauses', { owner: 'p', ttlMs: 5_000 }],
    ['DELETE', '/api/calls/LIVE/pauses/p', '/api/calls/:id/pauses/:owner', undefined],
    ['GET', '/api/recordings/KEPT', '/api/recordings/:id', undefined],
    ['GET', '/api/recordings/OF-KEPT', '/api/recordings/:id', undefined],
    ['GET', '/api/recordings/KEPT/audio', '/api/recordings/:id/audio', undefined],
    ['PUT', '/api/recordings/KEPT/legal-hold', '/api/recordings/:id/legal-hold', { reason: 'x' }],
  ])('%s %s', async (method, path, route, body) => {
    const address = path
      .replace('UCC', ucc)
      .replace('LIVE', id('live'))
      .replace('OF-KEPT', kept.correlationId)
      .replace('KEPT', id('kept'));
    const action = encodeURIComponent(`${method} ${route}`);
    const before = (await rows(`outcome=denied&action=${action}`)).length;
    const response = await ask('sam', method, address, body);
    expect(response.status).toBe(404);
    expect(((await response.json()) as { detail: string }).detail).toContain(named);
    const denied = await rows(`outcome=denied&action=${action}`);
    expect(denied).toHaveLength(before + 1);
    expect(denied[0]).toMatchObject({ who: 'sam', uccName: ucc, reason: 'ucc' });
  });

  test.each([
    ['/api/uccs/nowhere'],
    ['/api/events?ucc=nowhere'],
    ['/api/calls/6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d11'],
    ['/api/recordings/6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d11'],
  ])('but %s, which does not exist, is not', async (path) => {
    const before = (await rows('outcome=denied')).length;
    expect((await ask('sam', 'GET', path)).status).toBe(404);
    expect(await rows('outcome=denied')).toHaveLength(before);
  });

  test('Subscribe of the hub', async () => {
    const connection = new HubConnectionBuilder()
      .withUrl(bench.hush.api + hubContract.paths.signalrV2, {
        accessTokenFactory: () => tokens.sam ?? '',
      })
      .configureLogging(5)
      .build();
    await connection.start();
    for (const name of [ucc, 'nowhere']) {
      await expect(connection.invoke('Subscribe', name, null)).rejects.toThrow('not recognized');
    }
    await connection.stop();
    expect(await rows('outcome=denied&action=Subscribe')).toMatchObject([
      { who: 'sam', surface: 'v2', uccName: ucc, reason: 'ucc' },
    ]);
  });
});

test('an admin who would remove the last admin is refused, and audited', async () => {
  expect((await ask('ada', 'DELETE', '/api/users/ada')).status).toBe(409);
  const auditor = { roles: ['auditor'], uccs: ['*'] };
  expect((await ask('ada', 'PUT', '/api/users/ADA', auditor)).status).toBe(409);
  for (const action of ['user remove ada', 'user change ada']) {
    expect(await rows(`outcome=refused&action=${action}`)).toMatchObject([
      { who: 'ada', reason: 'lastAdmin', before: null, after: null },
    ]);
  }
});

describe('a listener at the hub without subscriptions is audited', () => {
  let listeners = 0;
  const { paths } = hubContract;
  const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;

  test.each([
    ['WebSockets', WebSockets],
    ['ServerSentEvents', ServerSentEvents],
    ['LongPolling', LongPolling],
  ])('by %s', async (_, transport) => {
    const person = await listener();
    const token = tokens[person] ?? '';
    for (let times = 0; times < 2; times += 1) {
      const connection = new HubConnectionBuilder()
        .withUrl(bench.hush.api + paths.signalrV2, { transport, accessTokenFactory: () => token })
        .configureLogging(5)
        .build();
      await connection.start();
      await expect.poll(() => connectRows(person)).toHaveLength(1);
      await connection.stop();
    }
    expect(await connectRows(person)).toMatchObject([{ surface: 'v2', outcome: 'ok' }]);
  });

  test('by the classic hub', async () => {
    const person = await listener();
    const base = `${bench.hush.api}${paths.classicV2}`;
    const token = encodeURIComponent(tokens[person] ?? '');
    const query = `clientProtocol=1.5&access_token=${token}`;
    const negotiated = await fetch(`${base}/negotiate?${query}`);
    const { ConnectionToken } = (await negotiated.json()) as { ConnectionToken: string };
    const data = encodeURIComponent(JSON.stringify([{ name: paths.classicHub }]));
    const connected = await fetch(
      `${base}/connect?transport=longPolling&${query}&connectionData=${data}` +
        `&connectionToken=${encodeURIComponent(ConnectionToken)}`,
      { method: 'POST' },
    );
    expect(connected.status).toBe(200);
    await expect.poll(() => connectRows(person)).toMatchObject([{ surface: 'v2', outcome: 'ok' }]);
  });

  /** Adds a listener whose row is not folded into another one's. */
  async function listener(): Promise<string> {
    listeners += 1;
    const name = `listener-${listeners}`;
    const password = 'a long enough password';
    const body = { roles: ['agent'], uccs: [ucc], sipUri: agent, password };
    expect((await ask('ada', 'PUT', `/api/users/${name}`, body)).status).toBe(201);
    tokens[name] = await fetchToken(bench.hush.api, { name, password });
    return name;
  }

  function connectRows(who: string): Promise<Record<string, unknown>[]> {
    return rows(`action=Connect&who=${who}`);
  }
});
