import { randomUUID } from 'node:crypto';
import { HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hubContract } from '../../../src/hub/hub-contract.ts';
import { type AccessRow, accessTable } from '../../support/access-table.ts';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { addPeople, fetchToken, type Person, tenantId, tokenForm } from '../../support/people.ts';
import { freeRtpPorts } from '../../support/ports.ts';
import { record } from '../api-support.ts';

interface Row {
  readonly id: string;
  readonly who: string;
  readonly surface: string;
  readonly action: string;
  readonly outcome: string;
  readonly requester: string | null;
  readonly before: object | null;
  readonly after: object | null;
}

let hush: TestHush;
let caller: TestCaller;
let doer: Person;
const tokens: Record<string, string> = {};
const ids = { live: '', kept: '', correlation: '' };

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const all = { uccs: ['*'], sipUri: null };
  const people = await addPeople(dataDir, [
    { name: 'setup', roles: ['admin'], ...all },
    { name: 'doer', roles: ['admin'], ...all },
    { name: 'auditor', roles: ['auditor'], ...all },
  ]);
  const ports = await freeRtpPorts();
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      auth: { ...config.auth, mode: 'embedded', tenantId },
    }),
  });
  for (const person of people) tokens[person.name] = await fetchToken(hush.api, person);
  doer = people[1] as Person;
  caller = await TestCaller.open();
  ids.kept = (await record({ hush, caller, close: async () => undefined }, { frames: 20 })).id;
  const placed = await caller.call(hush);
  await placed.frames(5);
  ids.correlation = placed.correlationId;
  ids.live = (await hush.event(({ correlationId }) => correlationId === ids.correlation)).callId;
  for (const name of ['crm', 'gone']) {
    await send('setup', 'PUT', `/api/webhooks/${name}`, { url: 'http://127.0.0.1:1/' });
  }
  await send('setup', 'PUT', '/api/clients/gone', {});
  const gone = { roles: ['auditor'], password: 'a long enough password' };
  await send('setup', 'PUT', '/api/users/gone', gone);
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

/** Returns the status only: a stream would go on. */
async function send(who: string, method: string, path: string, body?: object): Promise<number> {
  const abort = new AbortController();
  const headers = {
    ...(who === '' ? {} : { Authorization: `Bearer ${tokens[who]}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
  const response = await fetch(hush.api + path, {
    method,
    headers,
    signal: abort.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  abort.abort();
  return response.status;
}

async function rows(): Promise<Row[]> {
  const response = await fetch(`${hush.api}/api/audit-log?limit=500`, {
    headers: { Authorization: `Bearer ${tokens.auditor}` },
  });
  const { items } = (await response.json()) as { items: Row[] };
  return items.filter(({ who }) => who !== 'auditor' && who !== 'setup');
}

/** Returns the rows left behind; live audio begins before its row is written. */
async function rowsOf(audit: AccessRow['audit'], run: () => Promise<unknown>): Promise<Row[]> {
  const before = new Set((await rows()).map(({ id }) => id));
  await run();
  let left: Row[] = [];
  const look = async (): Promise<boolean> => {
    left = (await rows()).filter(({ id }) => !before.has(id));
    return left.length > 0 || audit === 'none';
  };
  await expect.poll(look).toBe(true);
  return left;
}

const command = () => ({
  Action: 'Mark',
  RequesterSipUri: agent,
  UCCName: ucc,
  CorrelationId: ids.correlation,
});
const reason = 'why';
/** Bodies of requests that are carried out. */
const bodies: Readonly<Record<string, () => object>> = {
  'POST /attendantservice/api/recording/set': command,
  'POST /attendantservice/api/v2/recording/set': command,
  'POST /api/calls/:id/pauses': () => ({ owner: 'page', ttlMs: 60_000 }),
  'PUT /api/calls/:id/pauses/:owner': () => ({ ttlMs: 60_000 }),
  'PUT /api/recordings/:id/legal-hold': () => ({ reason }),
  'DELETE /api/recordings/:id/legal-hold': () => ({ reason }),
  'POST /api/recordings/:id/erasures': () => ({ reason, startMs: 0, endMs: 20 }),
  'PUT /api/uccs/:name': () => ({ useAudioRecording: true, agentCanEditAudioRecording: true }),
  'PATCH /api/uccs/:name': () => ({ agents: [agent], retentionDays: 7, reason }),
  'POST /api/archive/check': () => ({ remove: true }),
  'PUT /api/webhooks/:name': () => ({ url: 'http://127.0.0.1:2/', enabled: true }),
  'PUT /api/users/:name': () => ({ roles: ['auditor'], password: 'another long password' }),
  'PUT /api/clients/:id': () => ({}),
  'POST /api/assurance/reconcile': () => ({ correlationIds: [randomUUID()] }),
  'POST /api/sign-in': () => ({ username: doer.name, password: doer.password }),
};

function addressOf(route: string, path: string): string {
  const isOfCall = path.startsWith('/api/calls');
  const own = route.startsWith('DELETE') ? 'gone' : 'crm';
  const levels = path === '/api/calls/levels' ? `?id=${ids.live}` : '';
  const name = path.startsWith('/api/uccs') ? ucc : own;
  return `${path}${levels}`
    .replace(':uccName', ucc)
    .replace(':correlationId', ids.correlation)
    .replace(':tenantId', tenantId)
    .replace(':owner', 'page')
    .replace('/api/clients/:id', `/api/clients/${own}`)
    .replace(':id', isOfCall ? ids.live : ids.kept)
    .replace(':name', name);
}

async function carryOut(route: string): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  if (path.endsWith('/token')) {
    const body = tokenForm(doer);
    return (await fetch(hush.api + addressOf(route, path), { method, body })).status;
  }
  const who = path.startsWith('/attendantservice/api/recording/') ? '' : 'doer';
  return send(who, method, addressOf(route, path), bodies[route]?.());
}

/**
 * True unless the rows of a route record changes elsewhere: those of commands and leases are
 * events.
 */
function tellsChange(route: string): boolean {
  return !/\/(set|token|sign-in)$|\/pauses/.test(route);
}

const elsewhere = [
  // Tested with a Hush without users: test/http/accounts/first-admin.test.ts.
  'POST /api/sign-in/first-admin',
  // Tested with held recordings: test/archive/retention-hold.test.ts.
  'POST /api/archive/retention/confirmation',
];
const routes = accessTable('route').filter(({ name }) => !elsewhere.includes(name));

describe('every route leaves the rows of its audit class in the audit log', () => {
  test.each(routes.map(({ name, audit }) => [name, audit] as const))(
    '%s: %s',
    async (route, audit) => {
      let status = 0;
      const left = await rowsOf(audit, async () => {
        status = await carryOut(route);
      });
      if (audit === 'none') {
        expect(left).toEqual([]);
        return;
      }
      expect(status, 'carried out').toBeLessThan(300);
      expect(left).toHaveLength(1);
      const [row] = left;
      const who = route.includes('/api/recording/') ? 'anonymous' : 'doer';
      expect(row).toMatchObject({ outcome: 'ok', who });
      if (audit === 'read') {
        expect(row?.action).toBe(route === 'GET /api/calls/:id/audio' ? 'listen' : route);
      }
      if (audit === 'export') expect(row?.action).toBe('export');
      if (audit === 'change') {
        expect(row?.action).not.toMatch(/^(PUT|POST|PATCH|DELETE) /);
        if (tellsChange(route)) expect(row?.before ?? row?.after).not.toBeNull();
        if (route.endsWith('/set')) expect(row?.requester).toBe(agent);
      }
    },
  );
});

describe('every hub method leaves the rows of its audit class in the audit log', () => {
  test.each(accessTable('method').map(({ name, audit }) => [name, audit] as const))(
    '%s: %s',
    async (method, audit) => {
      const connection = new HubConnectionBuilder()
        .withUrl(hush.api + hubContract.paths.signalrV2, {
          accessTokenFactory: () => tokens.doer ?? '',
        })
        .configureLogging(5)
        .build();
      await connection.start();
      await expect.poll(() => connectRows()).not.toEqual([]);
      const left = await rowsOf(audit, async () => {
        await connection.invoke(method, method === 'SubscribeCall' ? ids.correlation : ucc);
      });
      await connection.stop();
      const actions = left.map(({ action, surface, who }) => ({ action, surface, who }));
      expect(actions).toEqual(
        audit === 'none' ? [] : [{ action: method, surface: 'v2', who: 'doer' }],
      );
    },
  );
});

async function connectRows(): Promise<Row[]> {
  return (await rows()).filter(({ who, action }) => who === doer.name && action === 'Connect');
}
