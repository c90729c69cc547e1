import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubProxy, openPage, settled } from '../protocols/signalr-classic/browser.ts';
import { TestCaller } from '../support/calls.ts';
import { TestHush, ucc } from '../support/hush/hush.ts';
import { startHush } from './support/hub-hush.ts';
import { classicPath, listenTo } from './support/listener.ts';
import { NetClient, type Transport, transports } from './support/net-client.ts';

/**
 * Tests requests of .NET's classic client, Microsoft.AspNet.SignalR.Client 2.4: capitalized
 * property names, any hub name that its application chooses, forms in polls.
 */

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

const open = (transport: Transport, connectionData: string) =>
  new NetClient(transport, connectionData, { api: hush.api, base: classicPath });

describe.each(transports)('the classic .NET client over %s', (transport) => {
  it.each([
    ['[{"Name":"recordingHub"}]', 'recordingHub'],
    ['[{"Name":"RecordingHub"}]', 'RecordingHub'],
    ['[{"Name":"AnyOtherHub"}]', 'AnyOtherHub'],
    ['[{"NAME":"coreapi.events"}]', 'coreapi.events'],
    ['[{"name":"hub \\"of\\" crème"}]', 'hub "of" crème'],
  ])('with %s receives events and calls the hub under its name', async (connectionData, hub) => {
    const client = open(transport, connectionData);
    await client.start();
    expect(await client.invoke(hub, 'Subscribe', ucc, null)).toMatchObject({ I: '0' });
    const failed = await client.invoke(hub, 'subscribe', 'nobody', null);
    expect(failed).toMatchObject({ I: '1', E: 'The UCC was not recognized.' });
    await hush.command('Mark', correlationId);
    const state = await client.message(({ M }) => M === 'RecordingStateChangedEvent');
    const payload = { UccName: ucc, CorrelationId: correlationId, StateAction: 6 };
    expect(state).toEqual({ H: hub, M: 'RecordingStateChangedEvent', A: [payload] });
    const changed = await client.message(({ M }) => M === 'RecordingChanged');
    expect(changed).toMatchObject({ H: hub, A: [{ Action: 'Mark' }] });
    await client.stop();
  });

  it('of two hubs receives the events of both, each once', async () => {
    const client = open(transport, '[{"Name":"First"},{"Name":"recordingHub"},{"Name":"first"}]');
    await client.start();
    await hush.command('UnMark', correlationId);
    await client.message(({ H }) => H === 'recordingHub');
    expect(client.messages.map(({ H }) => H)).toEqual(['First', 'recordingHub']);
    await client.stop();
  });

  it('in JavaScript finds any hub too', async () => {
    const page = openPage(hush.api);
    const connection = page.$.hubConnection(hush.api + classicPath, { useDefaultPath: false });
    const proxy = connection.createHubProxy('coreRecordingHub');
    const { state } = listenTo(proxy);
    await settled(connection.start({ transport, waitForPageLoad: false }));
    await settled(proxy.invoke('Subscribe', ucc, null));
    await hush.command('Save', correlationId);
    expect(await state.first(1)).toMatchObject([{ StateAction: 4 }]);
    connection.stop();
    page.close();
  });
});

it.each([
  ['too many hubs', JSON.stringify(Array.from({ length: 17 }, (_, n) => ({ Name: `hub${n}` })))],
  ['a name that is too long', JSON.stringify([{ Name: 'x'.repeat(300) }])],
  ['a name that is none', '[{"Name":7}]'],
  ['an empty name', '[{"Name":""}]'],
])('%s is refused', async (_, connectionData) => {
  const query = new URLSearchParams({ clientProtocol: '2.1', connectionData });
  expect((await fetch(`${hush.api}${classicPath}/negotiate?${query}`)).status).toBe(400);
});

describe('spellings that classic SignalR accepts', () => {
  const at = (action: string, query: Record<string, string>) =>
    `${hush.api}${classicPath}/${action}?${new URLSearchParams({ clientProtocol: '2.1', ...query })}`;

  it.each([
    "[{'name':'AnyHub'}]",
    '[{name:"AnyHub"}]',
    '[{"name":"AnyHub"},]',
    '[{"name":"AnyHub",}]',
    "[ { Name : 'Any\\'Hub' , } /* one */ , ]",
    "[{'name':'Any\\u0048ub',more:[1,{a:null}]}]",
  ])('connectionData %s', async (connectionData) => {
    expect((await fetch(at('negotiate', { connectionData }))).status).toBe(200);
  });

  it.each(['[{name:AnyHub}]', "[{'name':'AnyHub}]", '[{"name":"a"}', '[,]', '{name:"a"}', "'a'"])(
    'not %s',
    async (connectionData) => {
      expect((await fetch(at('negotiate', { connectionData }))).status).toBe(400);
    },
  );

  it('any HTTP method is accepted', async () => {
    const connectionData = '[{"name":"AnyHub"}]';
    const post = { method: 'POST' };
    const negotiated = await fetch(at('negotiate', { connectionData }), post);
    const answer = (await negotiated.json()) as { readonly ConnectionToken: string };
    const connectionToken = answer.ConnectionToken;
    const query = { connectionData, connectionToken, transport: 'longPolling' };
    expect((await fetch(at('connect', query))).status).toBe(200);
    const started = await fetch(at('start', query), post);
    expect(await started.json()).toEqual({ Response: 'started' });
    expect((await fetch(at('abort', query))).status).toBe(200);
    expect((await fetch(at('poll', query))).status).not.toBe(405);
  });
});

describe('hub.aliases', () => {
  let other: TestHush;
  let id: string;

  beforeAll(async () => {
    const aliases = {
      names: ['CoreApiHub', 'coreapihub', 'RECORDINGHUB'],
      paths: ['/SignalR', '/core/signalr'],
    };
    other = await TestHush.start({ config: (config) => ({ ...config, hub: { aliases } }) });
    id = (await caller.call(other, { silent: true })).correlationId;
  });
  afterAll(() => other.remove());

  it.each(['/signalr', '/SIGNALR', '//core//signalr', '/core/signalr', classicPath])(
    'let a client connect at %s',
    async (base) => {
      for (const transport of transports) {
        const at = { api: other.api, base };
        const client = new NetClient(transport, '[{"Name":"coreApiHub"}]', at);
        await client.start();
        await other.command('Mark', id);
        expect(await client.message(() => true)).toMatchObject({ H: 'coreApiHub' });
        await client.stop();
      }
    },
  );

  it('accept no other name once there are some', async () => {
    const negotiate = (name: string) => {
      const query = new URLSearchParams({ connectionData: JSON.stringify([{ Name: name }]) });
      return fetch(`${other.api}/signalr/negotiate?${query}`);
    };
    expect((await negotiate('COREAPIHUB')).status).toBe(200);
    expect((await negotiate('recordingHub')).status).toBe(200);
    const refused = await negotiate('AnotherHub');
    expect(refused.status).toBe(400);
    expect(await refused.text()).toBe("'AnotherHub' Hub could not be resolved.");
  });

  it('are in the generated script', async () => {
    const page = openPage(other.api);
    page.eval(await (await fetch(`${other.api}/signalr/hubs`)).text());
    const { $ } = page;
    const { hub } = $.connection;
    const proxy = $.connection.coreApiHub as HubProxy;
    const heard = Promise.withResolvers<unknown>();
    proxy.client.recordingStateChangedEvent = heard.resolve;
    await settled(hub.start({ transport: 'webSockets', waitForPageLoad: false }));
    await other.command('UnMark', id);
    expect(await heard.promise).toMatchObject({ StateAction: 7 });
    hub.stop();
    page.close();
  });

  it('serve nothing else below their paths', async () => {
    expect((await fetch(`${other.api}/signalr`)).status).toBe(404);
    expect((await fetch(`${other.api}/signalr/nothing`)).status).toBe(404);
    expect((await fetch(`${hush.api}/signalr/negotiate`)).status).toBe(404);
  });
});
