import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type DatabaseServer,
  databaseKinds,
  type EmptyDatabase,
} from '../store/database-servers.ts';
import { TestCaller } from '../support/calls.ts';
import { temporaryFolder, ucc } from '../support/hush/hush.ts';
import { HushProcess } from '../support/hush/hush-process.ts';
import { few } from '../support/length.ts';
import { DispatcherBench, sales, support } from './support/bench.ts';
import { hang, Receiver } from './support/receiver.ts';

describe.each(few(databaseKinds, 1))('webhooks after a restart, on $name', (kind) => {
  let server: DatabaseServer;
  let database: EmptyDatabase;
  let receiver: Receiver;
  let bench: DispatcherBench | undefined;
  beforeAll(async () => {
    server = await kind.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await bench?.close();
    await receiver.close();
    expect(bench?.errors).toEqual([]);
  });

  async function open(): Promise<DispatcherBench> {
    [database, receiver] = await Promise.all([server.empty(), Receiver.open()]);
    bench = await DispatcherBench.open({ connect: () => database.connect() });
    return bench;
  }

  it('go on behind the last delivery that was answered', async () => {
    const running = await open();
    receiver.answer = (_, index) => (index === 3 ? hang : undefined);
    await running.dispatcher.put('crm', { url: receiver.url }, running.auditOf);
    await running.happen(...Array.from({ length: 10 }, () => sales));
    await receiver.count(4);
    await running.stop();
    await running.start();
    await receiver.count(11);
    expect(receiver.sequences).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids[3]).toBe(ids[4]);
  });

  it('have every event of a UCC that came after them, and none that was before', async () => {
    const running = await open();
    receiver.answer = () => hang;
    await running.happen(sales, sales);
    await running.dispatcher.put('crm', { url: receiver.url }, running.auditOf);
    await running.happen(support, support, sales);
    await running.stop();
    receiver.answer = () => undefined;
    const before = receiver.received.length;
    await running.start();
    await receiver.count(before + 3);
    const got = receiver.received.slice(before).map(({ event }) => event);
    const of = (name: string) => got.filter(({ uccName }) => uccName === name);
    expect(of('sales').map(({ sequence }) => sequence)).toEqual([3]);
    expect(of('support').map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('keep secret, dead letters and being switched off', async () => {
    const running = await open();
    receiver.answer = ({ event }) => (event.uccName === 'sales' ? 500 : 410);
    await running.dispatcher.put('crm', { url: receiver.url, uccs: ['sales'] }, running.auditOf);
    await running.dispatcher.put('old', { url: receiver.url, uccs: ['support'] }, running.auditOf);
    await running.happen(sales, support);
    await running.until(() => running.alarms.length === 1);
    await running.until(() => running.outcomes.includes('disabled old'));
    const [webhooks, letters] = [running.dispatcher.list(), { limit: 9 }];
    const before = await running.dispatcher.deadLetters('crm', letters);
    expect(before).toMatchObject([{ sequence: 1, attempts: 4, lastStatus: 500 }]);
    await running.stop();
    await running.start();
    expect(running.dispatcher.list()).toEqual(webhooks);
    expect(webhooks.map(({ enabled }) => enabled)).toEqual([true, false]);
    expect(await running.dispatcher.deadLetters('crm', letters)).toEqual(before);
  });
});

describe('webhooks of a Hush that is killed', () => {
  it('have every event of its calls at last, in order', async () => {
    const [receiver, caller] = await Promise.all([Receiver.open(), TestCaller.open()]);
    const dataDir = temporaryFolder();
    const first = await HushProcess.start({ dataDir });
    await fetch(`${first.api}/api/webhooks/crm`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: receiver.url, uccs: [ucc] }),
    });
    // The second delivery is on its way when the process dies.
    receiver.answer = (_, index) => (index === 1 ? hang : undefined);
    const calls = [await caller.call(first), await caller.call(first)];
    await receiver.count(2);
    await first.end('SIGKILL');
    for (const { call } of calls) call.abandon();
    const second = await HushProcess.start({ dataDir, mediaTimeoutMs: 200 });
    await receiver.until(
      (all) => all.filter(({ event }) => event.type === 'callEnded').length === 2,
    );
    expect(await second.end('SIGTERM')).toBe(0);
    const firstSeen = [...new Set(receiver.sequences)];
    expect(firstSeen).toEqual(firstSeen.map((_, index) => index + 1));
    expect(receiver.sequences.filter((sequence) => sequence === 2)).toHaveLength(2);
    expect(receiver.received[0]?.event.correlationId).toBe(calls[0]?.correlationId);
    await Promise.all([receiver.close(), caller.close()]);
    rmSync(dataDir, { recursive: true, force: true });
  });
});
