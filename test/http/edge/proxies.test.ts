import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush } from '../../support/hush/hush.ts';
import { tenantId } from '../../support/people.ts';

/** Starts Hush behind a proxy on this machine, with these rules for admission. */
async function started(auth: object): Promise<TestHush> {
  return TestHush.start({
    config: (config) => ({
      ...config,
      http: { ...config.http, trustedProxies: ['127.0.0.1'] },
      auth: { ...config.auth, mode: 'embedded', tenantId, ...auth },
    }),
  });
}

describe('behind a trusted proxy, with v1 enabled anyway', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await started({ anonymous: true });
  });
  afterAll(() => hush.remove());

  const statusFor = async (headers: Record<string, string>) =>
    (await fetch(`${hush.api}/api/calls`, { headers })).status;

  test('a client on this machine may be admitted, unlike the proxy itself', async () => {
    expect(await statusFor({})).toBe(401);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.1' })).toBe(200);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.9' })).toBe(200);
    expect(await statusFor({ 'X-Forwarded-For': '::1' })).toBe(200);
  });

  test('a client from elsewhere is not local, whatever it claims', async () => {
    for (const forwarded of ['203.0.113.9', '127.0.0.1, 203.0.113.9', 'unknown', '', '_hidden']) {
      expect(await statusFor({ 'X-Forwarded-For': forwarded }), forwarded).toBe(401);
    }
    expect(await statusFor({ Forwarded: 'for=127.0.0.1' })).toBe(401);
    expect(await statusFor({ 'X-Real-IP': '127.0.0.1' })).toBe(401);
  });

  test('a client gains nothing by its own forwarding headers', async () => {
    const claimed = { 'X-Forwarded-For': '127.0.0.1' };
    expect(await statusFor({ ...claimed, Forwarded: 'for=203.0.113.9' })).toBe(401);
    expect(await statusFor({ ...claimed, 'X-Real-IP': '203.0.113.9' })).toBe(401);
    const honest = { Forwarded: 'for=127.0.0.1', 'X-Real-IP': '127.0.0.1', Via: '1.1 proxy' };
    expect(await statusFor({ ...claimed, ...honest })).toBe(200);
    const usual = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'hush.example.com' };
    expect(await statusFor({ ...claimed, ...usual })).toBe(200);
  });
});

test('a proxy that is not trusted is not local, whatever its headers say', async () => {
  const hush = await TestHush.start();
  const statusFor = async (headers: Record<string, string>) =>
    (await fetch(`${hush.api}/api/calls`, { headers })).status;
  expect(await statusFor({})).toBe(200);
  for (const headers of [
    { Via: '1.1 proxy' },
    { 'X-Real-IP': '203.0.113.9' },
    { 'X-Real-IP': '127.0.0.1' },
    { 'X-Forwarded-Host': 'hush.example.com' },
    { 'X-Forwarded-Proto': 'https' },
    { 'X-Forwarded-For': '127.0.0.1' },
    { Forwarded: 'proto=https' },
  ]) {
    expect([401, 403], JSON.stringify(headers)).toContain(await statusFor(headers));
  }
  await hush.remove();
});

test('by default nobody is admitted through a proxy without a token', async () => {
  const hush = await started({});
  for (const headers of [{}, { 'X-Forwarded-For': '127.0.0.1' }]) {
    expect((await fetch(`${hush.api}/api/calls`, { headers })).status).toBe(401);
  }
  await hush.remove();
});
