import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordingEvent } from '../../../src/domain/model/recording-event.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { EventStream } from '../../hub/support/event-stream.ts';
import { aCall, anEvent } from '../../store/samples.ts';
import { TestCaller } from '../../support/calls.ts';
import { agent, TestHush, temporaryFolder } from '../../support/hush/hush.ts';

/** Tests one cursor for the events of any number of UCCs. */

const UCCS = 300;
const EVENTS_PER_UCC = 4;
const names = Array.from({ length: UCCS }, (_, n) => `ucc-with-a-name-of-usual-length-${n}`);
const past: RecordingEvent[] = [];
let hush: TestHush;
let caller: TestCaller;
let live: { readonly correlationId: string };

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const store = await SqlStore.open(openSqlite(join(dataDir, 'hush.sqlite')));
  for (let sequence = 1; sequence <= EVENTS_PER_UCC; sequence += 1) {
    for (const uccName of names) {
      past.push(anEvent(aCall({ uccName }), sequence, past.length + 1));
    }
  }
  await Promise.all(past.map((event) => store.commit({ event })));
  await store.close();
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      recording: { ...config.recording, mediaStartMs: 600_000 },
      uccs: names.map((name) => ({
        name,
        agents: [agent],
        useAudioRecording: true,
        agentCanEditAudioRecording: true,
      })),
    }),
  });
  caller = await TestCaller.open();
  live = await caller.call(hush, { uccName: names[0] ?? '', silent: true });
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

const open = (query: string, options?: Parameters<typeof EventStream.open>[1]) =>
  EventStream.open(`${hush.api}/api/events${query}`, options);

async function command(action: string): Promise<void> {
  const answer = await hush.command(action, live.correlationId, { UCCName: names[0] });
  expect(answer.ErrorMessage).toBeNull();
}

const placesOf = (events: readonly { uccName: string; sequence: number }[]) =>
  events.map(({ uccName, sequence }) => `${uccName}:${sequence}`);
const all = () => placesOf([...past, ...hush.events]);

it('a cursor is small for any number of UCCs, and resumes without a gap or a duplicate', async () => {
  const first = await open('?since=0');
  const half = past.length / 2;
  await first.heard.first(half);
  await first.close();
  const { heard } = first;
  expect(heard.count).toBeLessThanOrEqual(all().length);
  await command('Mark');
  const second = await open('', { lastEventId: first.lastEventId, heard });
  await command('UnMark');
  await heard.first(all().length);
  expect(placesOf(heard.events)).toEqual(all());
  expect(second.lastEventId).toMatch(/^\d{1,15}$/);
  await second.close();
});

it('a cursor of an earlier release is accepted, and leads to a new one', async () => {
  // Every other UCC lags behind: no single position describes such a client.
  const had = new Map(names.map((name, n) => [name, n % 2 === 0 ? EVENTS_PER_UCC : 1]));
  const lastEventId = [...had].map(([name, sequence]) => `${name}:${sequence}`).join(',');
  expect(lastEventId.length).toBeLessThan(16_000);
  const wanted = placesOf(
    [...past, ...hush.events].filter(({ uccName, sequence }) => sequence > (had.get(uccName) ?? 0)),
  );
  const first = await open('', { lastEventId });
  await first.heard.first(100);
  await first.close();
  const { heard } = first;
  const second = await open('', { lastEventId: first.lastEventId, heard });
  await heard.first(wanted.length);
  expect(placesOf(heard.events)).toEqual(wanted);
  await command('Mark');
  await heard.first(wanted.length + 1);
  expect(second.lastEventId).toMatch(/^\d{1,15}$/);
  await second.close();
});

describe('a cursor with one UCC', () => {
  const name = names[0] ?? '';

  it('is the same position, and replays that UCC alone', async () => {
    const position = UCCS + 5;
    const stream = await open(`?ucc=${name}`, { lastEventId: String(position) });
    const wanted = [...past, ...hush.events].filter(
      (event) => event.uccName === name && event.position > position,
    );
    await stream.heard.first(wanted.length);
    expect(placesOf(stream.heard.events)).toEqual(placesOf(wanted));
    await command('UnMark');
    await stream.heard.first(wanted.length + 1);
    expect(stream.lastEventId).toBe(String(hush.events.at(-1)?.position));
    await stream.close();
  });

  it('a cursor is sent at once', async () => {
    const fresh = await open(`?ucc=${name}`);
    await expect.poll(() => fresh.lastEventId).toBe(String(hush.events.at(-1)?.position));
    await fresh.close();
    const since = await open(`?ucc=${name}&since=2`);
    await since.heard.first(EVENTS_PER_UCC - 2);
    await since.close();
    expect(since.heard.events[0]).toMatchObject({ uccName: name, sequence: 3 });
  });
});

it.each(['999999999', '12,13', '-1', '1.5', '1e3', 'ucc-a:1;2'])(
  'an invalid cursor is refused: %s',
  async (lastEventId) => {
    const stream = await open('', { lastEventId });
    expect(stream.status).toBe(400);
    await stream.close();
  },
);
