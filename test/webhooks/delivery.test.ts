import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aCall } from '../store/samples.ts';
import { DispatcherBench, sales, support } from './support/bench.ts';
import { hang, Receiver } from './support/receiver.ts';

describe('webhooks', () => {
  let bench: DispatcherBench;
  let receiver: Receiver;
  beforeEach(async () => {
    [bench, receiver] = await Promise.all([
      DispatcherBench.open({ limits: { timeoutMs: 150 } }),
      Receiver.open(),
    ]);
  });
  afterEach(async () => {
    await bench.close();
    await receiver.close();
    expect(bench.errors).toEqual([]);
  });

  it('get each event once, in order, as the API tells it', async () => {
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    const calls = Array.from({ length: 5 }, () => aCall({ uccName: 'sales' }));
    await bench.happen(...Array.from({ length: 24 }, () => calls).flat());
    await receiver.count(120);
    expect(receiver.sequences).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({
      sequence: 1,
      type: 'recordingStateChanged',
      uccName: 'sales',
      correlationId: calls[0]?.correlationId,
      recordingId: calls[0]?.id,
      at: '2026-09-21T14:13:20.123Z',
      action: 'Pause',
      requester: 'sip:agent@x.example',
      owner: null,
      alarm: null,
      recordingState: 'Paused',
      markingState: 'None',
      savingState: 'None',
      gapStartedAt: '2026-09-21T14:13:20.123Z',
      gapEndedAt: null,
    });
  });

  it('begin with their creation', async () => {
    await bench.happen(sales, sales, support);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, support);
    await receiver.count(2);
    expect(receiver.sequences.sort()).toEqual([2, 3]);
  });

  it('get only the UCCs they ask for, and new ones from then on', async () => {
    await bench.dispatcher.put('crm', { url: receiver.url, uccs: ['Sales'] }, bench.auditOf);
    await bench.happen(support, sales, support, sales);
    await bench.until(() => bench.outcomes.length === 2);
    await bench.dispatcher.put(
      'crm',
      { url: receiver.url, uccs: ['sales', 'support'] },
      bench.auditOf,
    );
    await bench.happen(support, sales);
    await receiver.count(4);
    const got = receiver.received.map(({ event }) => `${event.uccName} ${event.sequence}`);
    expect(got.slice(0, 2)).toEqual(['sales 1', 'sales 2']);
    expect(got.slice(2).sort()).toEqual(['sales 3', 'support 3']);
  });

  it('try a failed event again before the next, under the same id', async () => {
    receiver.answer = (_, index) => [500, 302, 404][index];
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales, sales);
    await receiver.count(6);
    expect(receiver.sequences).toEqual([1, 1, 1, 1, 2, 3]);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
  });

  it('try a receiver again that did not answer, or hung up', async () => {
    receiver.answer = (_, index) =>
      [hang, (response: { destroy(): void }) => response.destroy()][index];
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales);
    await receiver.count(4);
    expect(receiver.sequences).toEqual([1, 1, 1, 2]);
    expect(bench.outcomes.slice(0, 2)).toEqual(['timeout', 'unreachable']);
  });

  it('of a receiver that hangs hold up no other UCC and no other webhook', async () => {
    receiver.answer = ({ path, event }) =>
      path === '/slow' && event.uccName === 'sales' ? hang : undefined;
    await bench.dispatcher.put('slow', { url: new URL('/slow', receiver.url).href }, bench.auditOf);
    await bench.dispatcher.put(
      'quick',
      { url: new URL('/quick', receiver.url).href },
      bench.auditOf,
    );
    await bench.happen(sales, sales, support);
    const paths = () => receiver.received.map(({ path, event }) => `${path} ${event.uccName}`);
    await receiver.until(() => paths().filter((path) => path === '/quick sales').length === 2);
    await receiver.until(() => paths().includes('/slow support'));
  });

  it('get an event only when it is in effect', async () => {
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    const start = await bench.commit(sales);
    const behind = await bench.commit(sales);
    await bench.happen(support);
    await receiver.count(1);
    expect(receiver.received[0]?.event.uccName).toBe('support');
    bench.publish(start);
    await receiver.count(2);
    expect(receiver.sequences).toEqual([1, 1]);
    bench.publish(behind);
    await receiver.count(3);
    expect(receiver.sequences).toEqual([1, 1, 2]);
  });

  it('are not kept waiting by an answer that never ends', async () => {
    receiver.answer = () => (response) => {
      response.writeHead(200).write('x'.repeat(1000));
    };
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales, sales);
    await receiver.count(3);
    expect(receiver.sequences).toEqual([1, 2, 3]);
  });

  it('do not read an endless answer', async () => {
    const closed = Promise.withResolvers<number>();
    receiver.answer = () => (response) => {
      let sent = 0;
      const more = (): void => {
        while (response.write(Buffer.alloc(16_384))) sent += 16_384;
      };
      response.on('drain', more).once('close', () => closed.resolve(sent));
      response.writeHead(200);
      more();
    };
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    // What the sockets' own buffers hold comes on top of the 64 KiB.
    expect(await closed.promise).toBeLessThan(16 * 1024 * 1024);
  });

  it('are switched off by 410, and go on from there when switched on', async () => {
    receiver.answer = ({ event }, index) => (event.sequence === 2 && index < 2 ? 410 : undefined);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales, sales);
    await bench.until(() => bench.outcomes.includes('disabled crm'));
    expect(bench.dispatcher.get('crm')?.enabled).toBe(false);
    expect((await bench.store.webhooks.webhooks())[0]?.enabled).toBe(false);
    await bench.happen(sales);
    expect(receiver.sequences).toEqual([1, 2]);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await receiver.count(5);
    expect(receiver.sequences).toEqual([1, 2, 2, 3, 4]);
    expect(bench.alarms).toEqual([]);
  });

  it('go to the new address once it is changed, from where they were', async () => {
    receiver.answer = ({ path }) => (path === '/old' ? hang : undefined);
    await bench.dispatcher.put('crm', { url: new URL('/old', receiver.url).href }, bench.auditOf);
    await bench.happen(sales, sales);
    await receiver.count(1);
    await bench.dispatcher.put('crm', { url: new URL('/new', receiver.url).href }, bench.auditOf);
    await receiver.count(3);
    const got = receiver.received.map(({ path, event }) => `${path} ${event.sequence}`);
    expect(got).toEqual(['/old 1', '/new 1', '/new 2']);
  });

  it('get nothing once deleted, and begin anew when created again', async () => {
    receiver.answer = (_, index) => (index === 0 ? hang : undefined);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales);
    await receiver.count(1);
    expect(await bench.dispatcher.remove('crm', bench.auditOf)).toBe(true);
    expect(await bench.dispatcher.remove('crm', bench.auditOf)).toBe(false);
    await bench.happen(sales);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await receiver.count(2);
    expect(receiver.sequences).toEqual([1, 4]);
  });
});
