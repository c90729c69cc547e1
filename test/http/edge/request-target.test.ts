import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { raw } from '../contract/contract-support.ts';

/**
 * Tests targets as the previous host accepted them: repeated slashes, a final one, absolute form.
 */

const tenantId = '0c7c9a3e-6f0e-4d53-9f3a-1d1c0c7a5b11';
const contract = '/attendantservice/api/recording';
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
let hush: TestHush;
let caller: TestCaller;
let correlationId: string;

beforeAll(async () => {
  hush = await TestHush.start({
    config: (config) => ({ ...config, auth: { ...config.auth, mode: 'embedded', tenantId } }),
  });
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

const host = (): string => new URL(hush.api).host;
const spellings: readonly [string, (path: string) => string][] = [
  ['two slashes at the beginning', (path) => `/${path}`],
  ['slashes in a row everywhere', (path) => path.replaceAll('/', '///')],
  ['a slash at the end', (path) => path.replace(/\?|$/, (end) => `/${end}`)],
  ['two at the end', (path) => path.replace(/\?|$/, (end) => `//${end}`)],
  ['absolute form', (path) => `http://${host()}${path}`],
  ['absolute form, scheme in capitals', (path) => `HTTP://${host()}${path}`],
  [
    'absolute form, slashes in a row',
    (path) => `http://${host()}//${path.replace(/\?|$/, (end) => `/${end}`)}`,
  ],
];

describe.each(spellings)('a request target in the form %s', (_, spell) => {
  /** Returns status, body and the relevant headers, without time-dependent parts. */
  async function both(path: string, options: Parameters<typeof raw>[2] = {}) {
    const [usual, spelt] = [
      await raw(hush.api, path, options),
      await raw(hush.api, spell(path), options),
    ];
    expect({ status: spelt.status, type: spelt.headers['content-type'] }).toEqual({
      status: usual.status,
      type: usual.headers['content-type'],
    });
    return { usual, spelt };
  }

  test.each([
    `${contract}/capabilities/${ucc}`,
    '/attendantservice/api/v2/recording/capabilities/ucc-demo-name',
    '/api/calls?ucc=ucc-demo-name',
    '/api/uccs',
    '/api/nothing',
    '/metrics',
    '/api/openapi.json',
    `/auth/realms/${tenantId}/protocol/openid-connect/certs`,
    `/auth/realms/${tenantId}/.well-known/openid-configuration`,
    '/docs/js/scalar.js',
    '/attendantservice/hubs/recording',
    '/attendantservice/signalr/ping',
    '/attendantservice/signalr/hubs',
  ])('reaches GET %s', async (path) => {
    const { usual, spelt } = await both(path);
    if (!path.endsWith('metrics')) expect(spelt.text).toBe(usual.text);
  });

  test('reaches the state of a call, and a command', async () => {
    const { spelt } = await both(`${contract}/${ucc}/${correlationId}`);
    expect(JSON.parse(spelt.text)).toMatchObject({ RecordingState: 1, ErrorMessage: null });
    const { spelt: set } = await both(`${contract}/set`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        Action: 'Mark',
        RequesterSipUri: agent,
        UCCName: ucc,
        CorrelationId: correlationId,
      }),
    });
    expect(JSON.parse(set.text)).toMatchObject({ MarkingState: 1, ErrorMessage: null });
  });

  test('reaches the token endpoint', async () => {
    const { spelt } = await both(`/auth/realms/${tenantId}/protocol/openid-connect/token`, {
      method: 'POST',
      headers: form,
      body: 'grant_type=password',
    });
    expect(JSON.parse(spelt.text)).toMatchObject({ error: 'invalid_request' });
  });

  test('negotiates with both hubs', async () => {
    const core = await both('/attendantservice/hubs/recording/negotiate', { method: 'POST' });
    expect(JSON.parse(core.spelt.text)).toHaveProperty('connectionId');
    const classic = await both('/attendantservice/signalr/negotiate?clientProtocol=2.1');
    // The URL at which the client continues.
    expect(JSON.parse(classic.spelt.text)).toMatchObject({ Url: '/attendantservice/signalr' });
  });

  test('upgrades a WebSocket', async () => {
    const path = '/attendantservice/hubs/recording';
    expect((await upgrade(spell(path))).slice(0, 12)).toBe('HTTP/1.1 101');
    expect((await upgrade(spell(`${path}s`))).slice(0, 12)).toBe('HTTP/1.1 404');
    expect((await upgrade(spell(`/attendantservice/../hubs`))).slice(0, 12)).toBe('HTTP/1.1 400');
  });

  test('v2 requires a token in every spelling', async () => {
    const path = '/attendantservice/v2/hubs/recording';
    expect((await both(`${path}/negotiate`, { method: 'POST' })).spelt.status).toBe(401);
    expect((await upgrade(spell(path))).slice(0, 12)).toBe('HTTP/1.1 401');
  });
});

test('the docs page keeps the slash that its links are relative to', async () => {
  expect((await raw(hush.api, '/docs/')).status).toBe(200);
  expect((await raw(hush.api, '//docs//')).status).toBe(200);
  expect(await raw(hush.api, '/docs')).toMatchObject({
    status: 301,
    headers: { location: '/docs/' },
  });
});

test('the authority of an absolute form replaces Host', async () => {
  const negotiate = (origin: string) =>
    raw(hush.api, `${hush.api}/attendantservice/hubs/recording/negotiate`, {
      method: 'POST',
      headers: { Host: 'other.example', Origin: origin },
    });
  expect((await negotiate(hush.api)).status).toBe(200);
  expect((await negotiate('http://other.example')).status).toBe(403);
});

/** Returns the first line of the answer, and what immediately follows. */
function upgrade(target: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(hush.api).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: ${host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  });
}
