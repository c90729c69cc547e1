import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hubContract } from '../../../src/hub/hub-contract.ts';
import { runHush } from '../../cli/run-hush.ts';
import type { MarkerCall } from '../../support/calls.ts';
import { temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { few, longTest } from '../../support/length.ts';
import {
  addDemoPeople,
  clientId,
  fetchToken,
  type Person,
  tenantId,
} from '../../support/people.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';
import { unreadDownload } from './unread-download.ts';

const SECONDS_MS = 3_000;
let bench: ApiBench;
let live: MarkerCall;
let recordingId: string;
let people: Awaited<ReturnType<typeof addDemoPeople>>;
let admin: string;

beforeAll(async () => {
  const dataDir = temporaryFolder();
  people = await addDemoPeople(dataDir);
  bench = await openBench({
    change: (config) => ({
      ...config,
      dataDir,
      auth: { ...config.auth, mode: 'embedded', tenantId },
    }),
  });
  admin = await fetchToken(bench.hush.api, people.admin);
  recordingId = (await record(bench, { frames: 200 })).id;
  live = await bench.caller.call(bench.hush);
  await live.frames(3);
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

function ask(token: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(bench.hush.api + path, {
    method,
    headers: { ...bearer(token), ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

const eva: Person = { name: 'eva', password: 'correct horse battery' };
const settings = { roles: ['supervisor'], uccs: [ucc] };

/** Opens everything that a user can have open, and returns signs of its end. */
async function everythingOf(person: Person) {
  const { api } = bench.hush;
  const token = await fetchToken(api, person);
  const issued = await ask(token, 'POST', `/api/recordings/${recordingId}/audio-tickets`);
  const { url } = (await issued.json()) as { url: string };
  expect((await fetch(api + url)).status).toBe(200);
  const connection = new HubConnectionBuilder()
    .withUrl(api + hubContract.paths.signalrV2, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: () => token,
    })
    .configureLogging(5)
    .build();
  const hubEnded = new Promise((resolve) => connection.onclose(resolve));
  await connection.start();
  const signedIn = await fetch(`${api}/api/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: person.name, password: person.password, renewable: true }),
  });
  const { token: own, renewalToken } = (await signedIn.json()) as Record<string, string>;
  const { closed: cutOff } = await unreadDownload(
    api,
    `/api/recordings/${recordingId}/audio`,
    bearer(token),
  );
  return {
    token,
    ended: Promise.all([
      hubEnded,
      read(await ask(token, 'GET', `/api/calls/${live.correlationId}/audio`)),
      read(await ask(token, 'GET', '/api/events')),
      cutOff,
    ]),
    statuses: async () => [
      (await ask(token, 'GET', '/api/me')).status,
      (await fetch(api + url)).status,
      (await ask(own ?? '', 'POST', '/api/sign-in/renewal')).status,
      (
        await fetch(`${api}/api/sign-in/refresh`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ renewalToken }),
        })
      ).status,
    ],
  };
}

/** Reads to its end. */
async function read(response: Response): Promise<void> {
  expect(response.status).toBe(200);
  for await (const _ of response.body ?? []);
}

async function within(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  await Promise.race([what, late]).finally(() => clearTimeout(timer));
}

describe('everything that a user has open ends within seconds', () => {
  beforeEach(async () => {
    await ask(admin, 'PUT', '/api/users/eva', { ...settings, password: eva.password });
  });

  test.each(
    few<readonly [string, () => Promise<Response>]>([
      ['it is removed', () => ask(admin, 'DELETE', '/api/users/eva')],
      [
        'its password is reset',
        () =>
          ask(admin, 'PUT', '/api/users/eva', { ...settings, password: 'another long password' }),
      ],
      [
        'it gets another role',
        () => ask(admin, 'PUT', '/api/users/eva', { ...settings, roles: ['auditor'] }),
      ],
      [
        'it is taken off a UCC',
        () => ask(admin, 'PUT', '/api/users/eva', { ...settings, uccs: ['another'] }),
      ],
    ]),
  )('when %s', async (_, change) => {
    const open = await everythingOf(eva);
    expect(await open.statuses()).toEqual([200, 200, 200, 200]);
    expect((await change()).ok).toBe(true);
    expect(await open.statuses()).toEqual([401, 401, 401, 409]);
    await within(SECONDS_MS, open.ended);
  });

  longTest('when the command line removes it, beside the running Hush', async () => {
    const open = await everythingOf(eva);
    const ran = await runHush(['user', 'remove', 'eva'], {
      env: { HUSH_DATA_DIR: bench.hush.config.dataDir },
    });
    expect(ran).toMatchObject({ code: 0, err: '' });
    await within(SECONDS_MS, open.ended);
    expect(await open.statuses()).toEqual([401, 401, 401, 409]);
  });

  longTest('but not when nothing about it has changed', async () => {
    const open = await everythingOf(eva);
    await ask(admin, 'PUT', '/api/users/eva', settings);
    await ask(admin, 'PUT', '/api/users/tom', { ...settings, password: eva.password });
    expect(await open.statuses()).toEqual([200, 200, 200, 200]);
    await ask(admin, 'DELETE', '/api/users/eva');
    await within(SECONDS_MS, open.ended);
  });

  longTest('a new user with the name of a removed one is somebody else', async () => {
    const token = await fetchToken(bench.hush.api, eva);
    await ask(admin, 'DELETE', '/api/users/eva');
    await ask(admin, 'PUT', '/api/users/eva', { ...settings, password: eva.password });
    expect((await ask(token, 'GET', '/api/me')).status).toBe(401);
    const fresh = await fetchToken(bench.hush.api, eva);
    expect((await ask(fresh, 'GET', '/api/me')).status).toBe(200);
  });
});

test('a client that is removed, or gets a new secret, leaves no valid token', async () => {
  const token = await fetchToken(bench.hush.api, people.supervisor);
  const { hush } = bench;
  const removed = await ask(admin, 'PUT', `/api/clients/${clientId}`, {});
  expect(removed.status).toBe(200);
  expect((await ask(token, 'GET', '/api/me')).status).toBe(401);
  // The admin's own token was requested by that client too.
  expect((await ask(admin, 'GET', '/api/me')).status).toBe(401);
  const signedIn = await hush.post('/api/sign-in', {
    username: people.admin.name,
    password: people.admin.password,
  });
  admin = ((await signedIn.json()) as { token: string }).token;
  expect((await ask(admin, 'GET', '/api/me')).status).toBe(200);
});

describe('a user removed from a UCC’s own lists', () => {
  longTest('receives no more events of its calls', async () => {
    const sipUri = 'sip:sue@domain.com';
    const sue = { name: 'sue', password: 'correct horse battery' };
    const list = (supervisors: string[]) =>
      ask(admin, 'PATCH', `/api/uccs/${ucc}`, { supervisors });
    await list([sipUri]);
    await ask(admin, 'PUT', '/api/users/sue', {
      roles: ['supervisor'],
      uccs: [],
      sipUri,
      password: sue.password,
    });
    const signedIn = await bench.hush.post('/api/sign-in', {
      username: sue.name,
      password: sue.password,
    });
    const { token } = (await signedIn.json()) as { token: string };
    const heard = read(await ask(token, 'GET', `/api/calls/${live.correlationId}/audio`));
    const issued = await ask(token, 'POST', `/api/recordings/${recordingId}/audio-tickets`);
    const { url } = (await issued.json()) as { url: string };
    await list([]);
    await within(SECONDS_MS, heard);
    expect((await fetch(bench.hush.api + url)).status).toBe(404);
  });
});

describe('the last admin', () => {
  const name = 'the-admin';

  test('cannot be removed or changed, by itself or anybody', async () => {
    expect((await ask(admin, 'DELETE', `/api/users/${name}`)).status).toBe(409);
    const stripped = await ask(admin, 'PUT', `/api/users/${name}`, { roles: ['auditor'] });
    expect(stripped.status).toBe(409);
    expect(await stripped.json()).toMatchObject({
      detail: 'This is the last admin: make another one first.',
    });
    expect((await ask(admin, 'GET', '/api/me')).status).toBe(200);
  });

  test('remains when two are removed at once', async () => {
    const second = { roles: ['admin'], uccs: ['*'], password: 'correct horse battery' };
    await ask(admin, 'PUT', '/api/users/second', second);
    const statuses = await Promise.all(
      [name, 'second'].map(async (one) => (await ask(admin, 'DELETE', `/api/users/${one}`)).status),
    );
    expect(statuses.sort()).toEqual([204, 409]);
  });

  longTest('is removed by the command line only with --force', async () => {
    const env = { HUSH_DATA_DIR: bench.hush.config.dataDir };
    const refused = await runHush(['user', 'remove', 'second'], { env });
    expect([refused.code, refused.err]).toEqual([
      2,
      'hush: this is the last admin: make another one first\n',
    ]);
    expect((await runHush(['user', 'remove', 'second', '--force'], { env })).code).toBe(0);
  });
});
