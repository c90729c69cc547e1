import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RawAnswer, raw } from '../http/contract/contract-support.ts';
import { TestCaller } from '../support/calls.ts';
import { TestHush, ucc } from '../support/hush/hush.ts';
import { freeRtpPorts } from '../support/ports.ts';
import { Receiver } from './support/receiver.ts';

const path = '/api/webhooks';
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('the routes of webhooks', () => {
  let hush: TestHush;
  let receiver: Receiver;
  beforeAll(async () => {
    const ports = await freeRtpPorts();
    receiver = await Receiver.open();
    hush = await TestHush.start({
      config: (config) => ({
        ...config,
        rtp: { ...config.rtp, ...ports },
        webhooks: { ...config.webhooks, firstRetryMs: 5, maxRetryMs: 10, maxAttempts: 2 },
      }),
    });
  });
  afterAll(async () => {
    await hush.remove();
    await receiver.close();
  });

  function ask(method: string, name: string, body?: unknown): Promise<RawAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json' };
    const sent = body === undefined ? {} : { headers, body: text };
    return raw(hush.api, `${path}${name}`, { method, ...sent });
  }

  it('create, show, list, replace and delete', async () => {
    const url = 'http://127.0.0.1:1/hook?key=1';
    const created = await ask('PUT', '/CRM', { url, uccs: [ucc.toUpperCase(), ucc] });
    expect(created.status).toBe(201);
    expect(created.headers['cache-control']).toBe('no-store');
    const { secret: made, ...webhook } = JSON.parse(created.text);
    expect(webhook).toEqual({ name: 'crm', url, uccs: [ucc], enabled: true });
    expect(made).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const shown = await ask('GET', '/crm');
    expect([shown.status, JSON.parse(shown.text)]).toEqual([200, webhook]);
    expect(JSON.parse((await ask('GET', '')).text)).toEqual({ items: [webhook] });
    const replaced = await ask('PUT', '/crm', { url, secret, enabled: false });
    expect(replaced.status).toBe(200);
    expect(JSON.parse(replaced.text)).toEqual({ ...webhook, uccs: [], enabled: false });
    expect((await ask('POST', '/crm/dead-letters/redeliver')).status).toBe(409);
    const deleted = await ask('DELETE', '/crm');
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(JSON.parse((await ask('GET', '')).text)).toEqual({ items: [] });
  });

  it('show no secret that was given', async () => {
    const created = await ask('PUT', '/given', { url: 'https://example.com/', secret });
    expect(created.status).toBe(201);
    expect(JSON.parse(created.text)).not.toHaveProperty('secret');
    await ask('DELETE', '/given');
  });

  it.each([
    ['no body', ''],
    ['no JSON', '{'],
    ['no url', {}],
    ['a url that is none', { url: 'crm.example.com' }],
    ['a relative url', { url: '/hook' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['a script', { url: 'javascript:alert(1)' }],
    ['a user', { url: 'http://user@example.com/' }],
    ['a password', { url: 'http://:password@example.com/' }],
    ['a metadata address', { url: 'http://169.254.169.254/' }],
    ['a long url', { url: `http://example.com/${'x'.repeat(2048)}` }],
    ['null', { url: null }],
    ['an unknown UCC', { url: 'http://example.com/', uccs: [ucc, 'no-such-ucc'] }],
    ['a UCC that is no name', { url: 'http://example.com/', uccs: ['a b'] }],
    ['UCCs that are no list', { url: 'http://example.com/', uccs: ucc }],
    ['an unknown setting', { url: 'http://example.com/', retries: 3 }],
    ['a bare secret', { url: 'http://example.com/', secret: 'secret' }],
    ['a short secret', { url: 'http://example.com/', secret: 'whsec_c2hvcnQ=' }],
    [
      'a secret of other letters',
      { url: 'http://example.com/', secret: `whsec_${'ä'.repeat(44)}` },
    ],
    ['a flag that is none', { url: 'http://example.com/', enabled: 'yes' }],
  ])('refuse %s and change nothing', async (_, body) => {
    await ask('PUT', '/kept', { url: 'http://127.0.0.1:1/', secret });
    const before = (await ask('GET', '')).text;
    for (const name of ['/kept', '/new']) {
      const answer = await ask('PUT', name, body);
      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.text).not.toContain('whsec_c2hvcnQ');
    }
    expect((await ask('GET', '')).text).toBe(before);
    await ask('DELETE', '/kept');
  });

  it('refuse a body that is too large, and a name that is none', async () => {
    const large = { url: 'http://example.com/', uccs: Array(20_000).fill('name') };
    expect((await ask('PUT', '/new', large)).status).toBe(413);
    expect((await ask('PUT', '/-new', { url: 'http://example.com/' })).status).toBe(400);
    expect((await ask('PUT', `/${'n'.repeat(65)}`, { url: 'http://a.b/' })).status).toBe(400);
    expect((await ask('PATCH', '/new', {})).status).toBe(405);
  });

  it.each([
    ['GET', '/nobody'],
    ['DELETE', '/nobody'],
    ['GET', '/nobody/dead-letters'],
    ['POST', '/nobody/dead-letters/redeliver'],
  ])('answer %s %s with 404', async (method, name) => {
    const answer = await ask(method, name);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('list dead letters of real calls, in pages, and redeliver them', async () => {
    receiver.answer = () => 500;
    await ask('PUT', '/crm', { url: receiver.url });
    const caller = await TestCaller.open();
    const { correlationId } = await caller.call(hush);
    await caller.close();
    await hush.settled(correlationId);
    const types = hush.events.map(({ type }) => type);
    await receiver.count(2 * types.length);
    // The last letter is written after the last answer; each reading asks the database again.
    const all = async () => JSON.parse((await ask('GET', '/crm/dead-letters')).text);
    while ((await all()).items.length < types.length);
    const [first, next] = [await all(), await ask('GET', '/crm/dead-letters?limit=1')];
    expect(first.nextCursor).toBeNull();
    expect(first.items[0]).toEqual({
      ...{ uccName: ucc, sequence: 1, attempts: 2, lastStatus: 500, reason: 'rejected' },
      failedAt: expect.stringMatching(/Z$/),
    });
    expect(JSON.parse(next.text)).toEqual({ items: [first.items[0]], nextCursor: `${ucc}:1` });
    const second = await ask('GET', `/crm/dead-letters?limit=1&cursor=${ucc}:1`);
    expect(JSON.parse(second.text).items).toEqual([first.items[1]]);
    expect((await ask('GET', '/crm/dead-letters?cursor=x')).status).toBe(400);
    expect((await ask('GET', '/crm/dead-letters?limit=501')).status).toBe(400);

    receiver.answer = () => undefined;
    receiver.received.length = 0;
    const redelivery = await ask('POST', '/crm/dead-letters/redeliver');
    expect(redelivery.status).toBe(202);
    expect(JSON.parse(redelivery.text)).toEqual({ deadLetters: types.length });
    await receiver.count(types.length);
    expect(receiver.received.map(({ event }) => event.type)).toEqual(types);
    const metrics = (await raw(hush.api, '/metrics')).text;
    expect(metrics).toContain('hush_webhook_deliveries_total{outcome="delivered"}');
    expect(metrics).toContain(`hush_alarms_total{kind="webhookDeadLetter"} ${types.length}`);
  });
});
