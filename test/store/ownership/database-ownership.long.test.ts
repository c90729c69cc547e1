import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CutNetwork } from '../../support/cut-network.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { databaseKinds, type PostgresServer, startPostgres } from '../database-servers.ts';
import { StoreFixture } from '../databases.ts';
import { aCall, aSegment } from '../samples.ts';
import { type OwnerOptions, OwnerProcess } from './owner-process.ts';

const limits = { waitMs: 0, handoverMs: 10_000, lostAfterMs: 2_000 };
const others = () => undefined;

describe.each(databaseKinds)('an epoch on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it('rises with each owner, and refuses every write of the previous one', async () => {
    const { store: older } = fixture;
    const newer = await fixture.another();
    const call = aCall();
    const { epoch: first } = await older.owner.claim('here', others);
    await older.commit({ call, segments: [aSegment(call.id)] });
    let followed = 0;
    await older.owner.claim('here', () => {
      followed += 1;
    });
    const { epoch: second } = await newer.owner.claim('here', others);
    expect(second).toBeGreaterThan(first);
    const writes = [
      () => older.commit({ call: { ...call, recordingState: 1 } }),
      () => older.destroyKeys(call.id),
      () => older.endSession('session'),
      () => older.webhooks.remove('webhook'),
      () => older.assurance.endAlarmsOfBefore(1, 1),
      () => older.keyChecks.save({ keyId: 'key', sealed: Buffer.from('x') }),
      () => older.keyChecks.keepOnly(['key']),
    ];
    for (const write of writes) await expect(write()).rejects.toThrow('another process owns');
    expect(followed).toBeGreaterThan(0);
    expect(await newer.call(call.id)).toEqual(call);
    expect(await newer.keyChecks.checks()).toEqual([]);
    await newer.commit({ call: { ...call, recordingState: 1 } });
    expect((await newer.call(call.id))?.recordingState).toBe(1);
  });

  it('is not required of a command that owns nothing, beside an owner', async () => {
    const { store: owner } = fixture;
    await owner.owner.claim('here', others);
    const command = await fixture.another();
    await command.commit({ call: aCall() });
    await owner.commit({ call: aCall() });
  });

  it('tells whether the previous owner may be alive, and whether it ended in order', async () => {
    const { store } = fixture;
    expect(await store.owner.claim('here', others)).toMatchObject({ mayLive: false });
    const other = await fixture.another();
    // The lock of its own folder proves that the previous one is dead.
    const cutOff = { mayLive: false, inOrder: false };
    expect(await other.owner.claim('here', others)).toMatchObject(cutOff);
    const elsewhere = await fixture.another();
    const elsewhereAlive = { mayLive: true, inOrder: false };
    expect(await elsewhere.owner.claim('there', others)).toMatchObject(elsewhereAlive);
    await elsewhere.owner.resign();
    const last = await fixture.another();
    const inOrder = { mayLive: false, inOrder: true };
    expect(await last.owner.claim('here', others)).toMatchObject(inOrder);
  });

  it('accepts no write of an owner that disowned itself', async () => {
    const { store } = fixture;
    await store.owner.claim('here', others);
    store.owner.disown('lost');
    await expect(store.commit({ call: aCall() })).rejects.toThrow('lost');
    await expect(store.endSession('session')).rejects.toThrow('lost');
  });
});

describe('a PostgreSQL database', () => {
  let server: PostgresServer;
  let url = '';
  const folders: string[] = [];
  const owners: OwnerProcess[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = (await server.empty()).url ?? '';
  });
  afterEach(async () => {
    await Promise.all(owners.splice(0).map((owner) => owner.kill()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** Starts an owner, by default on a data folder of its own. */
  async function start(more: Partial<OwnerOptions> = {}): Promise<OwnerProcess> {
    const dataDir = temporaryFolder();
    folders.push(dataDir);
    const owner = await OwnerProcess.start({ ...limits, dataDir, url, ...more });
    owners.push(owner);
    return owner;
  }

  async function query(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(text);
    await client.end().catch(() => undefined);
  }

  const endOwners =
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hush owner%'";

  it('has one owner, who is named, even from two data folders', async () => {
    const first = await start();
    const second = await start();
    expect(second.failed).toMatch(
      new RegExp(`^The database is in use by Hush process ${first.pid} on \\S+ since \\d{4}-`),
    );
    expect(await second.exitCode()).toBe(1);
    expect(await first.commit()).toBeNull();
  });

  longTest('is free when its owner was killed, and at once on the same folder', async () => {
    const dataDir = temporaryFolder();
    folders.push(dataDir);
    const first = await start({ dataDir });
    await first.kill();
    const began = performance.now();
    expect((await start({ dataDir, waitMs: 5_000 })).owns).toBe(true);
    expect(performance.now() - began).toBeLessThan(limits.lostAfterMs + 1_000);
  });

  longTest('is given to another folder once the owner before must have noticed', async () => {
    const first = await start();
    await first.kill();
    const began = performance.now();
    expect((await start({ waitMs: 5_000 })).owns).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(limits.lostAfterMs + 1_000);
  });

  longTest('is handed over by an owner that is stopping', async () => {
    const first = await start();
    first.leave();
    await first.commit();
    const waiting = start();
    await first.end();
    expect((await waiting).owns).toBe(true);
  });

  longTest(
    'stays that of an owner whose connection was cut, where nobody else took it',
    async () => {
      const first = await start();
      await query(endOwners);
      for (let attempt = 0; attempt < 20; attempt += 1) expect(await first.commit()).toBeNull();
      const second = await start({ waitMs: 1_500 });
      expect(second.failed).toContain(`process ${first.pid} `);
      expect(first.hasLost).toBe(false);
    },
  );

  longTest('is lost by a frozen owner that another one has succeeded', async () => {
    const first = await start();
    first.signal('SIGSTOP');
    await query(endOwners);
    const second = await start({ waitMs: 5_000 });
    expect(second.owns).toBe(true);
    first.signal('SIGCONT');
    expect(await first.lost()).toMatch(/another process owns/);
    expect(await first.commit()).toMatch(/has lost|another process owns/);
    expect(await second.commit()).toBeNull();
  });

  longTest(
    'stays that of an owner that could not reach it, which was not sure meanwhile',
    async () => {
      const own = await startPostgres();
      try {
        const first = await start({ url: (await own.empty()).url });
        expect(await first.isSure()).toBe(true);
        own.freeze();
        await expect
          .poll(() => first.isSure(), { timeout: limits.lostAfterMs + 1_000 })
          .toBe(false);
        expect(await first.commit()).not.toBeNull();
        own.thaw();
        await expect.poll(() => first.isSure(), { timeout: 10_000 }).toBe(true);
        await own.restart();
        await expect.poll(() => first.commit(), { timeout: 10_000 }).toBeNull();
        await expect.poll(() => first.isSure(), { timeout: 10_000 }).toBe(true);
        expect(first.hasLost).toBe(false);
      } finally {
        await own.stop();
      }
    },
  );

  longTest('is lost by an owner that could not reach it while another one took it', async () => {
    const network = await CutNetwork.to(server.port);
    const first = await start({ url: network.through(url) });
    network.cut();
    await expect.poll(() => first.isSure(), { timeout: limits.lostAfterMs + 1_000 }).toBe(false);
    const second = await start({ waitMs: 20_000 });
    expect(second.owns).toBe(true);
    network.mend();
    expect(await first.lost()).toMatch(/another process owns/);
    expect(await first.isSure()).toBe(false);
    expect(await second.commit()).toBeNull();
    await network.close();
  });
});
