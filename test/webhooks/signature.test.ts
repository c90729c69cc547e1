import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messageId, signedHeaders } from '../../src/webhooks/signature.ts';
import { anEvent } from '../store/samples.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { DispatcherBench, sales, support } from './support/bench.ts';
import { Receiver } from './support/receiver.ts';

type Verify = (headers: IncomingHttpHeaders, body: string, secret: string) => boolean;

const page = new URL('../../docs/integrate/webhooks.md', import.meta.url);

describe('signedHeaders', () => {
  it('are those of the Standard Webhooks libraries', () => {
    // The example that the libraries of the specification test themselves with.
    const headers = signedHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: 1_614_265_330_000,
      body: '{"test": 2432232314}',
    });
    expect(headers['webhook-timestamp']).toBe('1614265330');
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});

describe('messageId', () => {
  it('is one per webhook and event', () => {
    const events = [anEvent(sales, 1), anEvent(sales, 2), anEvent(support, 1)];
    const ids = ['crm', 'bi'].flatMap((name) => events.map((event) => messageId(name, event)));
    expect(new Set(ids).size).toBe(6);
    expect(messageId('crm', anEvent(sales, 1))).toBe(ids[0]);
    for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  });
});

describe('the verification that the documentation shows', () => {
  const folder = temporaryFolder();
  let isFromHush: Verify;
  let bench: DispatcherBench;
  let receiver: Receiver;
  beforeAll(async () => {
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
    const file = join(folder, 'verify.mjs');
    writeFileSync(file, code);
    const shown = (await import(pathToFileURL(file).href)) as { isFromHush: Verify };
    isFromHush = shown.isFromHush;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    [bench, receiver] = await Promise.all([DispatcherBench.open(), Receiver.open()]);
  });
  afterEach(() => Promise.all([bench.close(), receiver.close()]));

  async function delivered() {
    const saved = await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await receiver.count(1);
    const [received] = receiver.received;
    if (!received) throw new Error('nothing was received');
    return { ...received, secret: saved.newSecret ?? '' };
  }

  it('holds for what was sent, and for nothing else', async () => {
    const { headers, body, secret } = await delivered();
    expect(isFromHush(headers, body, secret)).toBe(true);
    expect(isFromHush(headers, `${body} `, secret)).toBe(false);
    expect(isFromHush(headers, body, `whsec_${'A'.repeat(44)}`)).toBe(false);
    const changes = [
      { 'webhook-id': 'msg_other' },
      { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) },
      { 'webhook-timestamp': '1790000000' },
      { 'webhook-timestamp': 'now' },
      { 'webhook-signature': 'v1,' },
      { 'webhook-signature': undefined },
      { 'webhook-signature': String(headers['webhook-signature']).replace('v1', 'v2') },
    ];
    for (const change of changes) {
      expect(isFromHush({ ...headers, ...change }, body, secret)).toBe(false);
    }
  });

  it('holds with a new secret from its change on', async () => {
    await delivered();
    const secret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
    const { newSecret } = await bench.dispatcher.put(
      'crm',
      { url: receiver.url, secret },
      bench.auditOf,
    );
    expect(newSecret).toBeUndefined();
    await bench.happen(sales);
    await receiver.until((all) => all.some(({ event }) => event.sequence === 2));
    const last = receiver.received.at(-1);
    expect(isFromHush(last?.headers ?? {}, last?.body ?? '', secret)).toBe(true);
  });
});
