import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildConnection,
  type ConnectionOptions,
  VENDOR_CLIENTS,
  type VendorClient,
  type VendorConnection,
} from '../protocols/signalr/support/vendor-clients.ts';
import { TestCaller } from '../support/calls.ts';
import { agent, type TestHush, ucc } from '../support/hush/hush.ts';
import { CuttableLink } from './support/cuttable-link.ts';
import { startHush } from './support/hub-hush.ts';
import { hubPath, listenTo } from './support/listener.ts';

/** Tests the vendor's published clients, six generations, against a whole Hush. */

const CHANNELS = [
  { transport: 'WebSockets', protocol: 'json' },
  { transport: 'WebSockets', protocol: 'messagepack' },
  { transport: 'ServerSentEvents', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'messagepack' },
] as const;
const MATRIX = VENDOR_CLIENTS.flatMap((client) =>
  CHANNELS.map((channel) => ({ client, version: client.version, ...channel })),
);
const otherUcc = 'ucc-other';

let hush: TestHush;
let caller: TestCaller;
let open: VendorConnection[] = [];
/** One live call per UCC, for all tests. */
const ids: Record<string, string> = {};

beforeAll(async () => {
  hush = await startHush([ucc, otherUcc]);
  caller = await TestCaller.open();
  for (const uccName of [ucc, otherUcc]) {
    ids[uccName] = (await caller.call(hush, { uccName, silent: true })).correlationId;
  }
});

afterEach(async () => {
  await Promise.all(open.map((connection) => connection.stop()));
  open = [];
});

afterAll(async () => {
  await caller.close();
  await hush.remove();
});

function build(client: VendorClient, options: Partial<ConnectionOptions>) {
  const connection = buildConnection(client, {
    url: hush.api + hubPath,
    transport: 'WebSockets',
    protocol: 'json',
    ...options,
  });
  open.push(connection);
  return connection;
}

async function command(action: string, uccName: string = ucc): Promise<void> {
  const answer = await hush.command(action, ids[uccName] ?? '', { UCCName: uccName });
  expect(answer.ErrorMessage).toBeNull();
}

function lastSequence(uccName: string = ucc): number {
  return Math.max(...hush.events.filter((e) => e.uccName === uccName).map((e) => e.sequence));
}

describe.each(MATRIX)('client $version over $transport in $protocol', (row) => {
  const { client, transport, protocol } = row;

  it('receives the commands of every UCC without subscribing', async () => {
    const connection = build(client, { transport, protocol });
    const { state, recording } = listenTo(connection);
    await connection.start();
    await command('Mark');
    await command('UnMark', otherUcc);
    await command('Pause');
    await command('Start');
    expect(await state.first(4)).toEqual([
      { UccName: ucc, CorrelationId: ids[ucc], StateAction: 6 },
      { UccName: otherUcc, CorrelationId: ids[otherUcc], StateAction: 7 },
      { UccName: ucc, CorrelationId: ids[ucc], StateAction: 3 },
      { UccName: ucc, CorrelationId: ids[ucc], StateAction: 1 },
    ]);
    expect(recording.events).toEqual([]);
  });

  it('subscribes to a UCC from any point of its past', async () => {
    await command('Mark');
    const since = lastSequence();
    await command('UnMark');
    const connection = build(client, { transport, protocol });
    const { recording } = listenTo(connection);
    await connection.start();
    await connection.invoke('Subscribe', ucc.toUpperCase(), since);
    await command('Mark');
    await command('Mark', otherUcc);
    const [first, second] = await recording.first(2);
    expect(first).toEqual({
      Sequence: since + 1,
      Type: 'recordingStateChanged',
      UccName: ucc,
      CorrelationId: ids[ucc],
      RecordingId: expect.any(String),
      Time: expect.any(String),
      StateAction: 7,
      Action: 'UnMark',
      Requester: agent,
      Owner: null,
      Alarm: null,
      RecordingState: 1,
      MarkingState: 2,
      SavingState: 0,
      GapStartedAt: null,
      GapEndedAt: null,
    });
    expect(second).toMatchObject({ Sequence: since + 2, Action: 'Mark' });
    await connection.invoke('Unsubscribe', ucc);
    await command('UnMark');
    await connection.invoke('Subscribe', ucc, null);
    await command('Mark');
    // The event in between was not for this client.
    expect((await recording.first(3))[2]).toMatchObject({ Sequence: since + 4 });
    expect(recording.events.every(({ UccName }) => UccName === ucc)).toBe(true);
  });

  it('subscribes to one call', async () => {
    const connection = build(client, { transport, protocol });
    const { recording } = listenTo(connection);
    await connection.start();
    await connection.invoke('SubscribeCall', `{${ids[otherUcc]?.toUpperCase()}}`);
    await command('Mark');
    await command('Save', otherUcc);
    expect((await recording.first(1))[0]).toMatchObject({ Action: 'Save', UccName: otherUcc });
    expect(recording.count).toBe(1);
  });

  it('receives the reason of a failed invocation', async () => {
    const connection = build(client, { transport, protocol });
    await connection.start();
    const unknown = 'HubException: The UCC was not recognized.';
    await expect(connection.invoke('Subscribe', 'nobody', 0)).rejects.toThrow(unknown);
    await expect(connection.invoke('Unsubscribe', null)).rejects.toThrow(unknown);
    await expect(connection.invoke('Subscribe', ucc, -1)).rejects.toThrow('no sequence number');
    await expect(connection.invoke('Subscribe', ucc, 'x')).rejects.toThrow('no sequence number');
    await expect(connection.invoke('SubscribeCall', 'x')).rejects.toThrow('no GUID');
    await expect(connection.invoke('Remove', ucc)).rejects.toThrow('Method does not exist.');
  });
});

describe.each(VENDOR_CLIENTS.filter(({ reconnects }) => reconnects))(
  'client $version after its connection was cut',
  (client) => {
    it('reconnects and fills the gap by sinceSequence', async () => {
      const link = await CuttableLink.to(hush.api);
      const connection = build(client, { url: link.api + hubPath, reconnect: 'automatic' });
      const { recording } = listenTo(connection);
      const reconnected = new Promise((resolve) => connection.onreconnected(resolve));
      await connection.start();
      await connection.invoke('Subscribe', ucc, null);
      const before = lastSequence();
      await command('Mark');
      await recording.first(1);
      link.cut();
      await command('UnMark');
      await reconnected;
      const seen = recording.events.at(-1)?.Sequence;
      await connection.invoke('Subscribe', ucc, seen);
      await command('Mark');
      const sequences = (await recording.first(3)).map(({ Sequence }) => Sequence);
      expect(sequences).toEqual([before + 1, before + 2, before + 3]);
      await connection.stop();
      await link.close();
    });
  },
);

it.each(VENDOR_CLIENTS)('client $version finds the hub in any case of its path', async (c) => {
  const connection = build(c, { url: `${hush.api}/AttendantService/Hubs/RECORDING` });
  const { state } = listenTo(connection);
  await connection.start();
  await command('Mark');
  expect((await state.first(1))[0]?.CorrelationId).toBe(ids[ucc]);
});

it('a client receives the whole life of a call', async () => {
  const [client] = VENDOR_CLIENTS;
  if (!client) throw new Error('There is no client.');
  const connection = build(client, {});
  const { recording, state } = listenTo(connection);
  await connection.start();
  await connection.invoke('Subscribe', otherUcc, null);
  const correlationId = randomUUID();
  const { call } = await caller.call(hush, { correlationId, uccName: otherUcc });
  await hush.command('Pause', correlationId, { UCCName: otherUcc });
  await hush.command('Start', correlationId, { UCCName: otherUcc });
  await call.end();
  await recording.event(({ Type }) => Type === 'recordingSaved');
  const heard = recording.events.filter(({ CorrelationId }) => CorrelationId === correlationId);
  expect(heard.map(({ Type, Action }) => Action ?? Type)).toEqual([
    ...['callBegan', 'Pause', 'Start', 'callEnded', 'recordingSaved'],
  ]);
  const [, pause, start] = heard;
  expect(Date.parse(String(start?.GapEndedAt))).toBeGreaterThanOrEqual(
    Date.parse(String(pause?.GapStartedAt)),
  );
  expect(start?.GapStartedAt).toBe(pause?.GapStartedAt);
  expect(state.events.map(({ StateAction }) => StateAction)).toEqual([3, 1]);
});
