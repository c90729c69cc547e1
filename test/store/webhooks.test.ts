import { describe, expect, it } from 'vitest';
import type { DeadLetter, Webhook } from '../../src/domain/model/webhook.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { at } from './samples.ts';

function aWebhook(changes: Partial<Webhook> = {}): Webhook {
  const url = 'https://crm.example.com/hook?a=1&b="2"';
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  return { name: 'crm', url, uccs: ['sales', 'support'], secret, enabled: true, ...changes };
}

function aCursor(uccName: string, sequence: number, webhook = 'crm') {
  return { webhook, uccName, sequence };
}

function aLetter(uccName: string, sequence: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  const failure = { attempts: 12, lastStatus: 503, reason: 'rejected', failedAt: at } as const;
  return { ...aCursor(uccName, sequence), ...failure, ...changes };
}

describe.each(databaseKinds)('webhooks on $name', (kind) => {
  const fixture = new StoreFixture(kind);
  const store = () => fixture.store.webhooks;

  it('are returned as they were saved, and replaced by name', async () => {
    const other = aWebhook({ name: 'bi', uccs: [], enabled: false });
    await store().save(aWebhook(), [aCursor('sales', 2 ** 40)]);
    await store().save(other, []);
    expect(await store().webhooks()).toEqual([other, aWebhook()]);
    const changed = aWebhook({ url: 'http://127.0.0.1/', uccs: ['sales'], enabled: false });
    await store().save(changed, [aCursor('support', 5)]);
    expect(await store().webhooks()).toEqual([other, changed]);
    expect(await store().cursors('crm')).toEqual(
      new Map([
        ['sales', 2 ** 40],
        ['support', 5],
      ]),
    );
    expect(await (await fixture.another()).webhooks.webhooks()).toEqual([other, changed]);
  });

  it('advance each UCC on its own', async () => {
    await store().save(aWebhook(), [aCursor('sales', 1), aCursor('support', 1)]);
    await Promise.all([2, 3, 4].map((sequence) => store().advance(aCursor('sales', sequence))));
    await store().advance(aCursor('sales', 9, 'bi'));
    expect(Object.fromEntries(await store().cursors('crm'))).toEqual({ sales: 4, support: 1 });
  });

  it('keep dead letters by UCC and sequence number, in pages', async () => {
    const letters = [aLetter('sales', 2), aLetter('sales', 10, { lastStatus: null })];
    const more = aLetter('support', 1, { reason: 'timeout' });
    for (const letter of [more, ...letters.toReversed(), aLetter('sales', 1, { webhook: 'bi' })]) {
      await store().advance(letter, letter);
    }
    expect(await store().deadLetters('crm', { limit: 9 })).toEqual([...letters, more]);
    expect(await store().deadLetterCount('crm')).toBe(3);
    const after = { uccName: 'sales', sequence: 2 };
    expect(await store().deadLetters('crm', { limit: 1, after })).toEqual([letters[1]]);
    const last = { uccName: 'support', sequence: 1 };
    expect(await store().deadLetters('crm', { limit: 1, after: last })).toEqual([]);
    const again = aLetter('sales', 2, { attempts: 13, lastStatus: 404, failedAt: at + 1 });
    await store().saveDeadLetter(again);
    await store().removeDeadLetter(aCursor('sales', 10));
    expect(await store().deadLetters('crm', { limit: 9 })).toEqual([again, more]);
  });

  it('are removed with all their rows, and nothing else', async () => {
    const other = aWebhook({ name: 'bi' });
    for (const webhook of [aWebhook(), other]) {
      await store().save(webhook, [aCursor('sales', 3, webhook.name)]);
      const letter = aLetter('sales', 1, { webhook: webhook.name });
      await store().saveDeadLetter(letter);
    }
    await store().remove('crm');
    await store().remove('crm');
    expect(await store().webhooks()).toEqual([other]);
    expect(await store().cursors('crm')).toEqual(new Map());
    expect(await store().deadLetterCount('crm')).toBe(0);
    expect(await store().cursors('bi')).toEqual(new Map([['sales', 3]]));
    expect(await store().deadLetterCount('bi')).toBe(1);
  });
});
