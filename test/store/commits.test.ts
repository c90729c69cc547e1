import { describe, expect, it } from 'vitest';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, anEvent, aTrack } from './samples.ts';

/** More than one group holds. */
const MANY = 1500;

describe.each(databaseKinds)('commits on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it('are durable when many run at once, and resolve in order', async () => {
    const calls = Array.from({ length: MANY }, () => aCall());
    const resolved: number[] = [];
    await Promise.all(
      calls.map(async (call, index) => {
        await fixture.store.commit({ call, event: anEvent(call, index + 1) });
        resolved.push(index);
      }),
    );
    expect(resolved).toEqual(calls.map((_, index) => index));
    const seen = await (await fixture.another()).unsettledCalls();
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(calls.map(({ id }) => id)));
  });

  it('of one turn are grouped into few transactions', async () => {
    let writes = 0;
    const { database } = fixture;
    const write = database.write;
    Object.assign(database, {
      write: (rows: Parameters<typeof write>[0]) => {
        writes += 1;
        return write(rows);
      },
    });
    await Promise.all(Array.from({ length: 500 }, () => fixture.store.commit({ call: aCall() })));
    // The first of them leave at once, the rest of the turn together.
    expect(writes).toBeLessThanOrEqual(2);
  });

  it('keep the last of several states of one call', async () => {
    const call = aCall({ version: 0 });
    const versions = Array.from({ length: 50 }, (_, version) => ({ ...call, version }));
    await Promise.all(versions.map((record) => fixture.store.commit({ call: record })));
    expect(await fixture.store.call(call.id)).toEqual(versions.at(-1));
  });

  it('fail only for a bad change, which fails as a whole', async () => {
    const [bad, ...good] = Array.from({ length: 20 }, () => aCall());
    if (!bad) throw new Error('no call');
    const broken = { call: bad, tracks: [aTrack(bad.id, { label: null as unknown as string })] };
    const [first, ...others] = await Promise.allSettled([
      fixture.store.commit(broken),
      ...good.map((call) => fixture.store.commit({ call })),
    ]);
    expect(first?.status).toBe('rejected');
    expect(others.map(({ status }) => status)).toEqual(good.map(() => 'fulfilled'));
    expect(await fixture.store.call(bad.id)).toBeUndefined();
    const live = await fixture.store.unsettledCalls();
    expect(live.map(({ id }) => id).sort()).toEqual(good.map(({ id }) => id).sort());
  });

  it('succeed again after a failure', async () => {
    const call = aCall();
    const broken = { call: aCall({ uccName: null as unknown as string }) };
    await expect(fixture.store.commit(broken)).rejects.toThrow();
    await fixture.store.commit({ call });
    expect(await fixture.store.call(call.id)).toEqual(call);
  });

  it('finish before the store closes', async () => {
    const store = await fixture.another();
    const calls = Array.from({ length: 100 }, () => aCall());
    const commits = calls.map((call) => store.commit({ call }));
    await Promise.all([store.close(), ...commits]);
    expect(await fixture.store.unsettledCalls()).toHaveLength(calls.length);
  });
});
