import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type HubConnection,
  type HubProxy,
  next,
  openPage,
  settled,
} from '../protocols/signalr-classic/browser.ts';
import { TestCaller } from '../support/calls.ts';
import { agent, type TestHush, ucc } from '../support/hush/hush.ts';
import { CuttableLink } from './support/cuttable-link.ts';
import { startHush } from './support/hub-hush.ts';
import { classicPath, listenTo } from './support/listener.ts';

/** Tests jquery.signalR 2.4.3, the last client of classic SignalR, against a whole Hush. */

let hush: TestHush;
let caller: TestCaller;
let correlationId: string;

beforeAll(async () => {
  hush = await startHush([ucc]);
  caller = await TestCaller.open();
  correlationId = (await caller.call(hush, { silent: true })).correlationId;
});

afterAll(async () => {
  await caller.close();
  await hush.remove();
});

async function command(action: string): Promise<void> {
  expect((await hush.command(action, correlationId)).ErrorMessage).toBeNull();
}

describe.each(['webSockets', 'serverSentEvents', 'longPolling'])(
  'the classic client over %s',
  (transport) => {
    let link: CuttableLink;
    let page: ReturnType<typeof openPage>;
    let connection: HubConnection | undefined;

    beforeEach(async () => {
      link = await CuttableLink.to(hush.api);
      page = openPage(link.api);
    });

    afterEach(async () => {
      connection?.stop();
      connection = undefined;
      page.close();
      await link.close();
    });

    function makeClient(path = classicPath): { connection: HubConnection; proxy: HubProxy } {
      connection = page.$.hubConnection(link.api + path, { useDefaultPath: false });
      connection.reconnectDelay = 50;
      return { connection, proxy: connection.createHubProxy('recordingHub') };
    }

    const start = (one: HubConnection) => settled(one.start({ transport, waitForPageLoad: false }));

    it('receives commands, subscribes and replays', async () => {
      const { connection, proxy } = makeClient('/AttendantService/SignalR');
      const { state, recording } = listenTo(proxy);
      await start(connection);
      expect(connection.transport.name).toBe(transport);
      await command('Mark');
      expect(await state.first(1)).toEqual([
        { UccName: ucc, CorrelationId: correlationId, StateAction: 6 },
      ]);
      const since = Number(hush.events.at(-1)?.sequence);
      await command('Pause');
      await settled(proxy.invoke('Subscribe', ucc, since));
      await settled(proxy.invoke('SubscribeCall', correlationId));
      await command('Start');
      expect(await recording.first(2)).toMatchObject([
        { Sequence: since + 1, Action: 'Pause', RecordingState: 3, Requester: agent },
        { Sequence: since + 2, Action: 'Start', RecordingState: 1 },
      ]);
      await settled(proxy.invoke('unsubscribe', ucc));
      await state.first(3);
      await expect(settled(proxy.invoke('Subscribe', 'nobody', 0))).rejects.toMatchObject({
        message: 'The UCC was not recognized.',
        source: 'HubException',
      });
      await expect(settled(proxy.invoke('SubscribeCall', 7))).rejects.toThrow('no GUID');
      expect(recording.count).toBe(2);
    });

    it('loses and duplicates nothing while its connections are cut', async () => {
      const { connection, proxy } = makeClient();
      const { state, recording } = listenTo(proxy);
      await start(connection);
      const since = Number(hush.events.at(-1)?.sequence);
      await settled(proxy.invoke('Subscribe', ucc, since));
      const actions = ['Mark', 'UnMark', 'Pause', 'Start', 'Mark', 'UnMark'];
      const rounds = 3;
      for (let round = 0; round < rounds; round += 1) {
        const reconnected = next((listener) => connection.reconnected(listener));
        await command('Mark');
        link.cut();
        for (const action of actions) await command(action);
        // Between two polls nothing was there to cut.
        await Promise.race([reconnected, recording.first((round + 1) * (actions.length + 1))]);
      }
      const count = rounds * (actions.length + 1);
      const sequences = (await recording.first(count)).map(({ Sequence }) => Sequence);
      expect(sequences).toEqual(Array.from({ length: count }, (_, index) => since + 1 + index));
      const heard = (await state.first(count)).map(({ StateAction }) => StateAction);
      expect(heard).toEqual(recording.events.map(({ StateAction }) => StateAction));
      expect(state.count).toBe(count);
    });

    it('works through the generated script', async () => {
      const script = await fetch(`${link.api}${classicPath}/hubs`);
      expect(script.headers.get('content-type')).toContain('javascript');
      page.eval(await script.text());
      const { hub } = page.$.connection;
      connection = hub;
      const proxy = page.$.connection.recordingHub as HubProxy;
      const { state, recording } = listenTo({
        on: (event, listener) => {
          proxy.client[event.charAt(0).toLowerCase() + event.slice(1)] = listener;
        },
      });
      await start(hub);
      const subscribed = proxy.server.subscribe?.(ucc, null);
      expect(subscribed).toBeDefined();
      if (subscribed) await settled(subscribed);
      await command('UnMark');
      expect((await recording.first(1))[0]).toMatchObject({ Action: 'UnMark', UccName: ucc });
      expect((await state.first(1))[0]).toEqual({
        UccName: ucc,
        CorrelationId: correlationId,
        StateAction: 7,
      });
    });
  },
);
