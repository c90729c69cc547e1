import { describe, expect, it } from 'vitest';
import { eventOf } from '../../src/store/rows/mapping.ts';
import { databaseKinds } from './database-servers.ts';
import { StoreFixture } from './databases.ts';
import { aCall, aDetail, aGap, anEvent, aSegment, aTrack, at, aUcc } from './samples.ts';

describe.each(databaseKinds)('rows on $name', (kind) => {
  const fixture = new StoreFixture(kind);

  it('return every kind of row as it was committed', async () => {
    const { store, database } = fixture;
    const call = aCall();
    const change = {
      call,
      ucc: aUcc(),
      detail: aDetail(call),
      event: anEvent(call, 1),
      tracks: [
        aTrack(call.id),
        aTrack(call.id, { track: 1, aor: 'sip:a@x', initialReason: 'hold' }),
      ],
      segments: [aSegment(call.id), aSegment(call.id, { track: 1, closedBy: 'end' })],
      gaps: [aGap(call.id), aGap(call.id, { start: 2 ** 33 + 1, reason: 'restart' })],
    };
    await store.commit(change);
    expect(await store.uccs()).toEqual([change.ucc]);
    expect(await store.call(call.id)).toEqual(call);
    expect(await store.tracks(call.id)).toEqual(change.tracks);
    expect(await store.segments(call.id)).toEqual(change.segments);
    expect(await store.gaps(call.id)).toEqual(change.gaps);
    expect(await store.details(call)).toEqual([change.detail]);
    const events = await database.kysely.selectFrom('events').selectAll().execute();
    expect(events.map(eventOf)).toEqual([change.event]);
  });

  it('return numbers and nulls of a call that has ended', async () => {
    const call = aCall({ status: 'kept', endedAt: at + 60_000, lengthMs: 2 ** 33, parties: [] });
    await fixture.store.commit({ call });
    expect(await fixture.store.call(call.id)).toEqual(call);
  });

  it('replace a row of the same key and leave the others', async () => {
    const { store } = fixture;
    const [call, other] = [aCall(), aCall()];
    const tracks = [0, 1].map((track) => aTrack(call.id, { track }));
    await store.commit({ call, tracks, ucc: aUcc() });
    await store.commit({ call: other, gaps: [aGap(call.id)], segments: [aSegment(call.id)] });
    const replaced = { ...call, version: 8, recordingState: 1, parties: [] } as const;
    const track = aTrack(call.id, { track: 1, startPosition: -160, endPosition: 2 ** 35 });
    const gap = aGap(call.id, { length: 5, reason: 'loss' });
    const segment = aSegment(call.id, { closedBy: 'api' });
    const detail = { ...aDetail(call), effectiveAt: at + 99, streams: [] };
    await store.commit({ call: replaced, tracks: [track], gaps: [gap], segments: [segment] });
    await store.commit({ detail: aDetail(call) });
    await store.commit({ detail, ucc: aUcc({ agents: [], recordFromStart: false }) });
    expect(await store.call(call.id)).toEqual(replaced);
    expect(await store.call(other.id)).toEqual(other);
    expect(await store.tracks(call.id)).toEqual([tracks[0], track]);
    expect(await store.gaps(call.id)).toEqual([gap]);
    expect(await store.segments(call.id)).toEqual([segment]);
    expect(await store.details(call)).toEqual([detail]);
    expect(await store.uccs()).toEqual([aUcc({ agents: [], recordFromStart: false })]);
  });

  it('are ordered: tracks, segments, gaps and details', async () => {
    const { store } = fixture;
    const call = aCall();
    for (const number of [2, 0, 10, 1]) {
      await store.commit({
        tracks: [aTrack(call.id, { track: number })],
        segments: [aSegment(call.id, { segment: number })],
        gaps: [aGap(call.id, { start: number * 100 })],
        detail: aDetail(call, number),
      });
    }
    const sorted = [0, 1, 2, 10];
    expect((await store.tracks(call.id)).map(({ track }) => track)).toEqual(sorted);
    expect((await store.segments(call.id)).map(({ segment }) => segment)).toEqual(sorted);
    expect((await store.gaps(call.id)).map(({ start }) => start / 100)).toEqual(sorted);
    expect((await store.details(call)).map(({ sequence }) => sequence)).toEqual(sorted);
  });

  it('are empty for a call that was never committed', async () => {
    const { store } = fixture;
    const { id } = aCall();
    expect(await store.call(id)).toBeUndefined();
    expect(await Promise.all([store.tracks(id), store.segments(id), store.gaps(id)])).toEqual([
      ...[[], [], []],
    ]);
  });
});
