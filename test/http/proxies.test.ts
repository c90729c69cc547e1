import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHush } from '../support/hush.ts';
import { tenantId } from '../support/people.ts';

/** A proxy on this machine, as Hush sees it, and who is let in through it. */
async function started(auth: object): Promise<TestHush> {
  return TestHush.start({
    config: (config) => ({
      ...config,
      http: { ...config.http, trustedProxies: ['127.0.0.1'] },
      auth: { ...config.auth, mode: 'embedded', tenantId, ...auth },
    }),
  });
}

describe('behind a proxy that is named, where v1 is on all the same', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await started({ anonymous: true });
  });
  afterAll(() => hush.remove());

  const statusFor = async (headers: Record<string, string>) =>
    (await fetch(`${hush.api}/api/calls`, { headers })).status;

  test('the proxy itself is not local, whom it asks for may be', async () => {
    expect(await statusFor({})).toBe(401);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.1' })).toBe(200);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.9' })).toBe(200);
    expect(await statusFor({ 'X-Forwarded-For': '::1' })).toBe(200);
  });

  test('whoever comes from elsewhere is not, whatever it claims', async () => {
    for (const forwarded of ['203.0.113.9', '127.0.0.1, 203.0.113.9', 'unknown', '', '_hidden']) {
      expect(await statusFor({ 'X-Forwarded-For': forwarded }), forwarded).toBe(401);
    }
    expect(await statusFor({ Forwarded: 'for=127.0.0.1' })).toBe(401);
  });
});

test('by default nobody is let in through it without a token', async () => {
  const hush = await started({});
  for (const headers of [{}, { 'X-Forwarded-For': '127.0.0.1' }]) {
    expect((await fetch(`${hush.api}/api/calls`, { headers })).status).toBe(401);
  }
  await hush.remove();
});
