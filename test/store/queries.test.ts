import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/domain/model/call-record.ts';
import type { RecordingPage, RecordingPlace } from '../../src/domain/ports/recording-search.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, anEvent, at } from './samples.ts';

describe.each(databaseKinds)('queries on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  async function given(changes: readonly Partial<CallRecord>[]): Promise<CallRecord[]> {
    const calls = changes.map((change) => aCall(change));
    await Promise.all(calls.map((call) => fixture.store.commit({ call })));
    return calls;
  }

  function ids(calls: readonly (CallRecord | undefined)[]): (string | undefined)[] {
    return calls.map((call) => call?.id);
  }

  it('find the recordings of a UCC, a correlation id and a time range', async () => {
    const [a, b, c] = await given([
      { beganAt: at, uccName: 'sales' },
      { beganAt: at + 10, uccName: 'support', status: 'destroyed' },
      { beganAt: at + 20, uccName: 'sales', status: 'kept' },
      { beganAt: at + 30, uccName: 'sales', recorded: false, status: 'empty' },
    ]);
    const find = async (filter: object) =>
      ids((await fixture.store.recordings({ limit: 10, ...filter })).records);
    expect(await find({})).toEqual(ids([c, b, a]));
    expect(await find({ uccs: ['sales'] })).toEqual(ids([c, a]));
    expect(await find({ uccs: ['nobody'] })).toEqual([]);
    expect(await find({ correlationId: b?.correlationId })).toEqual(ids([b]));
    expect(await find({ from: at + 10 })).toEqual(ids([c, b]));
    expect(await find({ to: at + 20 })).toEqual(ids([b, a]));
    expect(await find({ from: at + 10, to: at + 20, uccs: ['support'] })).toEqual(ids([b]));
    expect(await find({ limit: 2 })).toEqual(ids([c, b]));
  });

  it('page through recordings that began at the same time, each once', async () => {
    const calls = await given(
      Array.from({ length: 23 }, (_, index) => ({ beganAt: at + Math.floor(index / 6) })),
    );
    const seen: CallRecord[] = [];
    let before: RecordingPlace | null = null;
    do {
      const page: RecordingPage = await fixture.store.recordings({
        limit: 4,
        ...(before ? { before } : {}),
      });
      seen.push(...page.records);
      before = page.next;
    } while (before);
    const newestFirst = [...calls].sort((a, b) => b.beganAt - a.beganAt || (a.id < b.id ? 1 : -1));
    expect(ids(seen)).toEqual(ids(newestFirst));
  });

  it('keep paging past a recording that was added meanwhile', async () => {
    const [older, newer] = await given([{ beganAt: at }, { beganAt: at + 1 }]);
    const [first] = (await fixture.store.recordings({ limit: 1 })).records;
    expect(first?.id).toBe(newer?.id);
    await given([{ beganAt: at + 2 }]);
    const before = { beganAt: at + 1, id: first?.id ?? '' };
    expect(ids((await fixture.store.recordings({ limit: 5, before })).records)).toEqual(
      ids([older]),
    );
  });

  it('return the highest sequence number of every UCC', async () => {
    const sales = aCall({ uccName: 'sales' });
    const support = aCall({ uccName: 'support' });
    expect(await fixture.store.lastSequences()).toEqual(new Map());
    for (const sequence of [1, 9, 10])
      await fixture.store.commit({ event: anEvent(sales, sequence) });
    await fixture.store.commit({ event: anEvent(support, 2 ** 40) });
    const expected = new Map([
      ['sales', 10],
      ['support', 2 ** 40],
    ]);
    expect(await fixture.store.lastSequences()).toEqual(expected);
  });

  it('list the calls that have not been settled', async () => {
    const [live, ended] = await given([
      { recorded: false },
      { endedAt: at },
      { status: 'kept' },
      { status: 'destroyed' },
      { status: 'empty' },
    ]);
    const found = await fixture.store.unsettledCalls();
    expect(new Set(ids(found))).toEqual(new Set(ids([live, ended])));
  });
});
