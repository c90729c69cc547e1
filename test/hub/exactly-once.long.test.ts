import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StateAction } from '../../src/domain/model/recording-state.ts';
import { VENDOR_CLIENTS } from '../protocols/signalr/support/vendor-clients.ts';
import { type CommandClient, commandClient } from '../support/api.ts';
import { TestCaller } from '../support/calls.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { HushProcess } from '../support/hush/hush-process.ts';
import { sized } from '../support/length.ts';
import { freeRtpPorts } from '../support/ports.ts';
import { CuttableLink } from './support/cuttable-link.ts';
import type { StateChanged } from './support/listener.ts';
import {
  classic,
  eventStream,
  type Numbered,
  type Survivor,
  stateful,
  successive,
} from './support/survivors.ts';

/**
 * Tests that listeners cut off throughout receive every event of 10,000 commands exactly once, in
 * order.
 */

const CALLS = sized(8, 200);
const ROUNDS = 5;
type Action = keyof typeof StateAction;
const actions: readonly Action[] = [
  ...(['Mark', 'UnMark', 'Mark', 'UnMark', 'Pause', 'Start'] as const),
  ...(['Mark', 'UnMark', 'Mark', 'UnMark'] as const),
];
/** Comes last, so that a listener that receives it has received, or lost, the rest. */
const LAST: Action = 'Save';
/** A listener is cut off again after this many more events. */
const EVENTS_BETWEEN_KILLS = 50;

let dataDir: string;
let hush: HushProcess;
let caller: TestCaller;
const ids: string[] = [];
const links: CuttableLink[] = [];
let survivors: [name: string, survivor: Survivor][] = [];

beforeAll(async () => {
  dataDir = temporaryFolder();
  hush = await HushProcess.start({ dataDir, rtpPorts: await freeRtpPorts(CALLS * 10) });
  caller = await TestCaller.open();
  while (ids.length < CALLS) ids.push((await caller.call(hush, { silent: true })).correlationId);
});

afterAll(async () => {
  for (const [, survivor] of survivors) await survivor.stop();
  await caller.close();
  await hush.end('SIGTERM');
  for (const link of links) await link.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function openAll(): Promise<Record<string, Survivor>> {
  const [ten, , , six, three] = VENDOR_CLIENTS;
  if (!ten || !six || !three) throw new Error('A client is missing.');
  return {
    'stateful, JSON': await stateful(ten, await linked(), 'json'),
    'stateful, MessagePack': await stateful(ten, await linked(), 'messagepack'),
    'sinceSequence, 10 over WebSockets': await successive(ten, await linked(), {
      transport: 'WebSockets',
      protocol: 'json',
    }),
    'sinceSequence, 6 over long polling': await successive(six, await linked(), {
      transport: 'LongPolling',
      protocol: 'messagepack',
    }),
    'sinceSequence, 3.1 over events': await successive(three, await linked(), {
      transport: 'ServerSentEvents',
      protocol: 'json',
    }),
    'server-sent events': await eventStream(await linked()),
    classic: await classic(await linked()),
  };
}

async function linked(): Promise<CuttableLink> {
  const link = await CuttableLink.to(hush.api);
  links.push(link);
  return link;
}

/** Sends the same commands to every call, one after the other per call, the calls side by side. */
async function commandAll(command: CommandClient): Promise<void> {
  await Promise.all(
    ids.map(async (id) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const action of actions) await succeed(command, action, id);
      }
    }),
  );
  await succeed(command, LAST, ids[0] ?? '');
}

async function succeed(command: CommandClient, action: string, id: string): Promise<void> {
  const answer = await command(action, id);
  if (answer.ErrorMessage) throw new Error(`${action}: ${answer.ErrorMessage.Message}`);
}

/** Cuts a listener off after some events, until it has received the last one. */
async function harass({ numbered, kill }: Survivor): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    const enough = numbered.count + EVENTS_BETWEEN_KILLS;
    // The calls are silent: each may raise one alarm, some of them after the last command.
    const isOver = () => numbered.events.slice(-CALLS - 1).some(({ action }) => action === LAST);
    await numbered.until(() => isOver() || numbered.count >= enough);
    if (isOver()) return kills;
    await kill();
  }
}

function plan(id: string): Action[] {
  const repeated = Array.from({ length: ROUNDS }, () => actions).flat();
  return id === ids[0] ? [...repeated, LAST] : repeated;
}

const plans = () => new Map(ids.map((id) => [id, plan(id)]));

function byCall<Event>(
  events: readonly Event[],
  read: (event: Event) => readonly [id: string, action: string],
): Map<string, string[]> {
  const heard = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const event of events) {
    const [id, action] = read(event);
    heard.get(id)?.push(action);
  }
  return heard;
}

function judgeNumbered(name: string, events: readonly Numbered[]): void {
  const commands = events.filter(({ action }) => action !== null);
  const sequences = events.map(({ sequence }) => sequence);
  expect(sequences, name).toEqual(Array.from(events, (_, index) => index + 1));
  const heard = byCall(commands, ({ correlationId, action }) => [correlationId, String(action)]);
  expect(heard, name).toEqual(plans());
}

function judgeState(name: string, events: readonly StateChanged[]): void {
  const names = Object.fromEntries(Object.entries(StateAction).map(([name, n]) => [n, name]));
  const heard = byCall(events, ({ CorrelationId, StateAction: action }) => [
    ...([CorrelationId, String(names[action])] as const),
  ]);
  expect(heard, name).toEqual(plans());
}

it('listeners that are cut off lose and duplicate no event', { timeout: 60_000 }, async () => {
  survivors = Object.entries(await openAll());
  const kills = survivors.map(([, survivor]) => harass(survivor));
  const begun = performance.now();
  await commandAll(commandClient(hush.api));
  const seconds = (performance.now() - begun) / 1000;
  const counts = await Promise.all(kills);
  await Promise.all(
    survivors.map(([, { state }]) =>
      state?.event((event) => event.StateAction === StateAction[LAST]),
    ),
  );
  const summary = survivors.map(([name], index) => `${name} ${counts[index]}`).join(', ');
  console.log(`${seconds.toFixed(1)} s of commands; cut off: ${summary}`);
  for (const [index, [name, { numbered, state }]] of survivors.entries()) {
    expect(counts[index], name).toBeGreaterThan(3);
    judgeNumbered(name, numbered.events);
    if (state) judgeState(name, state.events);
  }
});
