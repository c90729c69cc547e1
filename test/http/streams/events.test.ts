import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttableLink } from '../../hub/support/cuttable-link.ts';
import { EventStream, type StreamedEvent } from '../../hub/support/event-stream.ts';
import { startHush } from '../../hub/support/hub-hush.ts';
import { TestCaller } from '../../support/calls.ts';
import { type TestHush, ucc } from '../../support/hush/hush.ts';

/** Tests `/api/events`: server-sent events, and how a reader resumes after a break. */

const otherUcc = 'ucc-other';
let hush: TestHush;
let caller: TestCaller;
const ids: Record<string, string> = {};

beforeAll(async () => {
  hush = await startHush([ucc, otherUcc]);
  caller = await TestCaller.open();
  for (const uccName of [ucc, otherUcc]) {
    ids[uccName] = (await caller.call(hush, { uccName, silent: true })).correlationId;
  }
});

afterAll(async () => {
  await caller.close();
  await hush.remove();
});

const open = (query: string, options?: Parameters<typeof EventStream.open>[1]) =>
  EventStream.open(`${hush.api}/api/events${query}`, options);

async function command(action: string, uccName: string = ucc): Promise<void> {
  const answer = await hush.command(action, ids[uccName] ?? '', { UCCName: uccName });
  expect(answer.ErrorMessage).toBeNull();
}

function lastOf(uccName: string): number {
  return Math.max(...hush.events.filter((e) => e.uccName === uccName).map((e) => e.sequence));
}

const numbers = (events: readonly StreamedEvent[]) => events.map(({ sequence }) => sequence);
const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('requests for events', () => {
  it('replay events after `since`, in order, and continue live', async () => {
    for (const action of ['Mark', 'UnMark', 'Pause', 'Start']) await command(action);
    const stream = await open(`?ucc=${ucc.toUpperCase()}&since=1`);
    await command('Mark');
    const last = lastOf(ucc);
    expect(numbers(await stream.heard.first(last - 1))).toEqual(range(2, last - 1));
    expect(stream.heard.events.at(-1)).toMatchObject({ action: 'Mark', uccName: ucc });
    await stream.close();
  });

  it('begin with the next event without `since`', async () => {
    const stream = await open(`?ucc=${ucc}`);
    await command('UnMark');
    await command('Mark', otherUcc);
    await command('Mark');
    expect(numbers(await stream.heard.first(2))).toEqual(range(lastOf(ucc) - 1, 2));
    await stream.close();
  });

  it.each([
    ['an unknown UCC', '?ucc=nobody', 404, undefined],
    ['a `since` that is no number', `?ucc=${ucc}&since=x`, 400, undefined],
    ['a negative `since`', `?ucc=${ucc}&since=-1`, 400, undefined],
    ['a Last-Event-ID that is none of ours', `?ucc=${ucc}`, 400, 'nonsense'],
    ['a Last-Event-ID without number', `?ucc=${ucc}`, 400, `${ucc}:`],
  ])('are refused with %s', async (_, query, status, lastEventId) => {
    const stream = await open(query, lastEventId === undefined ? {} : { lastEventId });
    expect(stream.status).toBe(status);
    await stream.close();
  });
});

describe('Last-Event-ID', () => {
  it('resumes without a gap, in place of `since`', async () => {
    const first = await open(`?ucc=${ucc}&since=0`);
    await command('Mark');
    const seen = lastOf(ucc);
    await first.heard.first(seen);
    await first.close();
    await command('UnMark');
    const { lastEventId, heard } = first;
    const second = await open(`?ucc=${ucc}&since=0`, { lastEventId, heard });
    await command('Mark');
    expect(numbers(await second.heard.first(seen + 2))).toEqual(range(1, seen + 2));
    await second.close();
  });

  it('covers every UCC, even those without an event so far', async () => {
    const first = await open('');
    await command('Mark');
    await first.heard.first(1);
    await first.close();
    // The first stream received no event of this UCC.
    await command('UnMark', otherUcc);
    const { lastEventId, heard } = first;
    const second = await open('', { lastEventId, heard });
    await command('UnMark');
    const found = await second.heard.event(({ uccName }) => uccName === otherUcc);
    expect(found).toMatchObject({ sequence: lastOf(otherUcc), action: 'UnMark' });
    await second.heard.first(3);
    const ofUcc = second.heard.events.filter(({ uccName }) => uccName === ucc);
    expect(numbers(ofUcc)).toEqual(range(lastOf(ucc) - 1, 2));
    await second.close();
  });

  it('is sent before there is an event', async () => {
    const first = await open(`?ucc=${otherUcc}`);
    // The id is in the first bytes; a later event proves that they have been read.
    await command('Mark', otherUcc);
    await first.heard.first(1);
    expect(first.lastEventId).toBe(String(hush.events.at(-1)?.position));
    await first.close();
  });
});

it('a UCC that is created meanwhile is covered from its first event', async () => {
  const stream = await open('');
  const created = await fetch(`${hush.api}/api/uccs/ucc-new`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ useAudioRecording: true }),
  });
  expect(created.ok).toBe(true);
  await caller.call(hush, { uccName: 'ucc-new', silent: true });
  const event = await stream.heard.event(({ uccName }) => uccName === 'ucc-new');
  expect(event).toMatchObject({ sequence: 1, type: 'callBegan' });
  await stream.close();
});

it('a standard EventSource reconnects by itself and misses nothing', async () => {
  const link = await CuttableLink.to(hush.api);
  const source = new EventSource(`${link.api}/api/events?ucc=${ucc}`);
  const seen: number[] = [];
  const third = new Promise<void>((resolve) => {
    source.addEventListener('recordingStateChanged', ({ data }) => {
      seen.push(JSON.parse(data).sequence);
      if (seen.length === 3) resolve();
    });
  });
  await new Promise((resolve) => source.addEventListener('open', resolve));
  await command('Mark');
  await expect.poll(() => seen.length).toBe(1);
  link.cut();
  await command('UnMark');
  await command('Mark');
  await third;
  expect(seen).toEqual(range(lastOf(ucc) - 2, 3));
  source.close();
  await link.close();
});

it('an open stream does not prevent Hush from stopping', async () => {
  const another = await startHush([ucc]);
  const stream = await EventStream.open(`${another.api}/api/events`);
  await another.remove();
  await stream.ended;
});
