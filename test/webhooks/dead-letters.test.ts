import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DispatcherBench, sales, support } from './support/bench.ts';
import { hang, Receiver } from './support/receiver.ts';

describe('dead letters', () => {
  let bench: DispatcherBench;
  let receiver: Receiver;
  beforeEach(async () => {
    [bench, receiver] = await Promise.all([
      DispatcherBench.open({ limits: { maxAttempts: 3, timeoutMs: 150 } }),
      Receiver.open(),
    ]);
  });
  afterEach(async () => {
    await bench.close();
    await receiver.close();
    expect(bench.errors).toEqual([]);
  });

  const letters = () => bench.dispatcher.deadLetters('crm', { limit: 100 });

  /** Sales 2 and 3 and support 1 are given up; sales 1 and 4 arrive. */
  async function givenUp(): Promise<void> {
    receiver.answer = ({ event }) => {
      const bad = event.uccName === 'support' || [2, 3].includes(event.sequence);
      return bad ? 500 : undefined;
    };
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales, sales, sales, support);
    await bench.until(() => bench.alarms.length === 3);
    // Three attempts each, and one of each that arrives.
    await bench.until(() => bench.outcomes.length === 11);
    receiver.received.length = 0;
    bench.outcomes.length = 0;
  }

  it('take an event after its last attempt, raise an alarm, and let the next one go', async () => {
    receiver.answer = ({ event }) => (event.sequence === 1 ? 400 : undefined);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales, sales);
    await receiver.count(4);
    expect(receiver.sequences).toEqual([1, 1, 1, 2]);
    expect(await letters()).toEqual([
      {
        ...{ webhook: 'crm', uccName: 'sales', sequence: 1, attempts: 3 },
        ...{ lastStatus: 400, reason: 'rejected', failedAt: expect.any(Number) },
      },
    ]);
    const { callId, correlationId } = { callId: sales.id, correlationId: sales.correlationId };
    expect(bench.alarms).toEqual([
      {
        ...{ kind: 'webhookDeadLetter', uccName: 'sales', callId, correlationId },
        detail: 'webhook crm: event 1 was given up (rejected)',
      },
    ]);
  });

  it('say that no answer came', async () => {
    receiver.answer = () => hang;
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await bench.until(() => bench.alarms.length === 1);
    expect(await letters()).toMatchObject([{ lastStatus: null, reason: 'timeout' }]);
  });

  it('are tried again in their order, and leave the list when they are delivered', async () => {
    await givenUp();
    receiver.answer = () => undefined;
    expect(await bench.dispatcher.redeliver('crm', bench.auditOf)).toBe(3);
    await bench.until(() => bench.outcomes.length === 3);
    const got = receiver.received.map(({ event }) => `${event.uccName} ${event.sequence}`);
    expect(got).toEqual(['sales 2', 'sales 3', 'support 1']);
    await bench.stop();
    await bench.start();
    expect(await letters()).toEqual([]);
  });

  it('that are rejected again stay, and stop no other', async () => {
    await givenUp();
    receiver.answer = ({ event }) => (event.sequence === 2 ? 422 : undefined);
    await bench.dispatcher.redeliver('crm', bench.auditOf);
    await bench.until(() => bench.outcomes.length === 3);
    expect(bench.outcomes).toEqual(['rejected', 'delivered', 'delivered']);
    await bench.stop();
    await bench.start();
    expect(await letters()).toMatchObject([{ sequence: 2, attempts: 4, lastStatus: 422 }]);
  });

  it('wait for another time when the receiver does not answer', async () => {
    await givenUp();
    receiver.answer = () => hang;
    await bench.dispatcher.redeliver('crm', bench.auditOf);
    // A second request while the first is under way adds nothing.
    await bench.dispatcher.redeliver('crm', bench.auditOf);
    await bench.until(() => bench.outcomes.length === 1);
    await bench.stop();
    expect(receiver.sequences).toEqual([2]);
    await bench.start();
    expect((await letters()).map(({ attempts }) => attempts)).toEqual([4, 3, 3]);
  });

  it('are kept by a change of address and go with their webhook', async () => {
    await givenUp();
    await bench.dispatcher.put('crm', { url: 'http://127.0.0.1:1/' }, bench.auditOf);
    expect(await letters()).toHaveLength(3);
    await bench.dispatcher.remove('crm', bench.auditOf);
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    expect(await letters()).toEqual([]);
    expect(await bench.dispatcher.redeliver('crm', bench.auditOf)).toBe(0);
  });
});
