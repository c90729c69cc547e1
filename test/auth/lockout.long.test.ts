import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import {
  addDemoPeople,
  fetchToken,
  type Person,
  tenantId,
  tokenForm,
  tokenUrl,
} from '../support/people.ts';

const WINDOW_MS = 300_000;
const alarms: { kind: string; detail: string }[] = [];
const logger = pino(
  { level: 'error' },
  {
    write: (line) => {
      const { alarm } = JSON.parse(line) as { alarm?: (typeof alarms)[number] };
      if (alarm) alarms.push(alarm);
    },
  },
);
let hush: TestHush;
let page: Person;
let admin: Person;
let offsetMs = 0;

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const people = await addDemoPeople(dataDir);
  page = people.integrator;
  admin = people.admin;
  hush = await TestHush.start({
    dataDir,
    overrides: { logger, clock: { now: () => Date.now() + offsetMs } },
    config: (config) => ({
      ...config,
      http: { ...config.http, trustedProxies: ['127.0.0.1'] },
      auth: {
        ...config.auth,
        mode: 'embedded',
        tenantId,
        failureWindowMs: WINDOW_MS,
        maxFailuresPerUser: 3,
        maxFailuresPerClient: 5,
        maxFailuresPerAddress: 8,
      },
    }),
  });
});
afterAll(() => hush.remove());
// Earlier failures are forgotten.
beforeEach(() => {
  offsetMs += WINDOW_MS + 1_000;
  alarms.length = 0;
});

async function token(changes: Record<string, string> = {}, address = '192.0.2.1') {
  const response = await fetch(tokenUrl(hush.api), {
    method: 'POST',
    headers: { 'X-Forwarded-For': address },
    body: tokenForm(page, changes),
  });
  return response.status;
}

async function signIn(username: string, password: string, address = '192.0.2.1') {
  const response = await fetch(`${hush.api}/api/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
    body: JSON.stringify({ username, password }),
  });
  return response.status;
}

const times = async (count: number, work: (index: number) => Promise<number>) => {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push(await work(index));
  return statuses;
};

describe('the payment page gets its token', () => {
  test('while others guess the secret of its client, even from the same address', async () => {
    const statuses = await times(20, () => token({ client_secret: 'not it' }));
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.slice(5).every((status) => status === 429)).toBe(true);
    expect(await token()).toBe(200);
    const { items } = await alarmsOf();
    expect(items[0]?.detail).toContain('5 failed sign-ins of one client from 192.0.2.1');
    expect(alarms.map(({ kind }) => kind)).toEqual(['signInsGuessed']);
  });

  test('while others guess the password of its user at the console, from one address or many', async () => {
    const statuses = await times(6, () => signIn(page.name, 'wrong password'));
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
    for (let from = 10; from < 20; from += 1) {
      await signIn(page.name, 'wrong password', `192.0.2.${from}`);
    }
    expect(await token()).toBe(200);
    // At the console it is locked out from that address alone.
    expect(await signIn(page.name, page.password)).toBe(429);
    expect(await signIn(page.name, page.password, '192.0.2.99')).toBe(200);
    offsetMs += WINDOW_MS;
    expect(await signIn(page.name, page.password)).toBe(200);
  });

  test('while strangers keep the hashing busy', async () => {
    const flood = Array.from({ length: 12 }, (_, index) =>
      signIn(`user-${index}`, 'wrong password', `198.51.100.${index}`),
    );
    const askedMs = performance.now();
    expect(await token()).toBe(200);
    const tookMs = performance.now() - askedMs;
    const floodedMs = await Promise.all(flood).then(() => performance.now() - askedMs);
    expect(tookMs).toBeLessThan(floodedMs / 3);
  });
});

test('an authenticated client is limited in guessing one user, and no other', async () => {
  const wrong = { password: 'wrong password' };
  expect(await times(5, () => token(wrong))).toEqual([401, 401, 401, 429, 429]);
  expect(await token(wrong, '192.0.2.50')).toBe(429);
  const other = { username: admin.name, password: admin.password };
  expect(await token(other)).toBe(200);
});

longTest('one address is limited, whatever names it tries', async () => {
  const statuses = await times(10, (index) => signIn(`user-${index}`, 'wrong password'));
  expect(statuses).toEqual([...Array(8).fill(401), 429, 429]);
  expect(alarms.map(({ detail }) => detail)).toEqual([
    '8 failed sign-ins of any user from 192.0.2.1 within 300 s',
  ]);
});

test('many good sign-ins at once succeed; many bad ones stay limited', async () => {
  const good = await Promise.all(
    Array.from({ length: 20 }, () => signIn(page.name, page.password)),
  );
  expect(new Set(good)).toEqual(new Set([200]));
  const tokens = await Promise.all(Array.from({ length: 20 }, () => token()));
  expect(new Set(tokens)).toEqual(new Set([200]));
  const bad = await Promise.all(Array.from({ length: 20 }, () => signIn(page.name, 'wrong one')));
  expect(bad.filter((status) => status === 401)).toHaveLength(3);
});

test('a malformed request leaves a row; every outcome is counted', async () => {
  const send = (body: string, type = 'application/x-www-form-urlencoded') =>
    fetch(tokenUrl(hush.api), {
      method: 'POST',
      headers: { 'Content-Type': type, 'X-Forwarded-For': '203.0.113.7' },
      body,
    });
  expect((await send('grant_type=password')).status).toBe(400);
  expect((await send('client_id=a&client_id=b')).status).toBe(400);
  expect((await send('{}', 'application/json')).status).toBe(415);
  const headers = { Authorization: `Bearer ${await fetchToken(hush.api, admin)}` };
  const answer = await fetch(`${hush.api}/api/audit-log?outcome=denied&limit=100`, { headers });
  const { items } = (await answer.json()) as { items: { address: string; reason: string }[] };
  const mine = items.filter(({ address }) => address === '203.0.113.7');
  expect(mine.map(({ reason }) => reason)).toEqual(Array(3).fill('malformed'));
  const metrics = await (await fetch(`${hush.api}/metrics`, { headers })).text();
  for (const outcome of ['ok', 'user', 'client', 'rate', 'malformed']) {
    expect(metrics).toMatch(new RegExp(`hush_sign_ins_total\\{outcome="${outcome}"\\} [1-9]`));
  }
});

async function alarmsOf(): Promise<{ items: { detail: string }[] }> {
  const response = await fetch(`${hush.api}/api/alarms?kind=signInsGuessed`, {
    headers: { Authorization: `Bearer ${await fetchToken(hush.api, admin)}` },
  });
  return (await response.json()) as { items: { detail: string }[] };
}
