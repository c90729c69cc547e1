import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from './raw-client.ts';
import { Host } from './support.ts';

/** Every refusal is a status and a sentence; none ends the server or tells of other clients. */
describe('bad input', () => {
  let host: Host;
  let client: RawClient;

  beforeEach(async () => {
    const hubs = { RecordingHub: { methods: { Echo: (_: unknown, args: unknown) => args } } };
    host = await new Host({ hubs, userKey: String, maxConnections: 2 }).listen();
    client = await new RawClient(host).negotiate();
  });

  afterEach(async () => {
    expect(host.errors).toEqual([]);
    await host.close();
  });

  it.each([
    ['negotiate', { callback: 'f' }, {}, 400, /JSONP/],
    ['negotiate', { connectionData: 'nonsense' }, {}, 400, /connectionData/],
    ['negotiate', { connectionData: '[null]' }, {}, 400, /connectionData/],
    ['negotiate', { connectionData: '[{"name":"other"}]' }, {}, 400, /'other' Hub/],
    ['nonsense', {}, {}, 404, /no such action/],
    ['connect', { connectionToken: '' }, {}, 400, /missing/],
    ['connect', { connectionToken: 'a.b' }, {}, 400, /incorrect format/],
    ['connect', {}, { user: 'mallory' }, 403, /not one of this user/],
    ['connect', { transport: 'foreverFrame' }, {}, 400, /not supported/],
    ['connect', { transport: '' }, {}, 400, /transport is missing/],
    ['connect', { transport: 'webSockets' }, {}, 426, /upgrade/],
    ['connect', { connectionData: '[{"name":"other"}]' }, {}, 400, /'other' Hub/],
    ['start', {}, {}, 404, /not open/],
    ['send', {}, { form: { data: '{}' } }, 404, /not open/],
    ['send', {}, {}, 405, /takes POST/],
    ['poll', { clientProtocol: '1.5' }, {}, 404, /start again/],
    ['poll', { transport: 'serverSentEvents' }, {}, 400, /Only longPolling/],
    ['abort', {}, { form: {}, user: 'mallory' }, 403, /not one of this user/],
  ] as const)('%s %o %o', async (action, query, options, status, text) => {
    const reply = await client.request(action, query, options);
    expect(reply.status).toBe(status);
    expect(reply.text).toMatch(text);
    expect(host.classic.connectionCount).toBe(0);
  });

  it.each([
    ['nonsense', 400, /JSON object/],
    ['[]', 400, /JSON object/],
    ['{"H":"RecordingHub"}', 400, /needs a hub/],
    ['{"H":"RecordingHub","M":"Echo","A":1,"I":0}', 400, /needs a hub/],
    ['{"H":"RecordingHub","M":"Echo","I":{}}', 400, /id I/],
    ['{"H":"other","M":"Echo","I":3}', 200, /^{"I":"3","E":"'other' Hub could not be resolved."}$/],
    ['{"H":"RecordingHub","M":"toString","I":3}', 200, /'toString' method could not be resolved/],
    ['{"H":"RecordingHub","M":"__proto__","I":3}', 200, /could not be resolved/],
    ['{"H":"RecordingHub","M":"Echo","A":[1]}', 200, /^{}$/],
    [`"${'x'.repeat(32 * 1024)}"`, 413, /too large/],
    ['ü'.repeat(600 * 1024), 413, /too large/],
  ])('hub call %#', async (data, status, text) => {
    await client.connect();
    const reply = await client.request('send', {}, { form: { data } });
    expect(reply.status).toBe(status);
    expect(reply.text).toMatch(text);
    expect((await client.call('recordinghub', 'echo', 1)).frame).toEqual({ R: [1], I: '0' });
  });

  it('a hub call without data, or over the transport of another kind', async () => {
    await client.connect();
    expect((await client.request('send', {}, { form: {} })).text).toMatch(/data is missing/);
    const other = { transport: 'serverSentEvents' };
    const reply = await client.request('send', other, { form: { data: '{}' } });
    expect(reply).toMatchObject({ status: 400, text: expect.stringMatching(/not made over/) });
  });

  it('another user with a token that is in use', async () => {
    const cursor = await client.connect();
    for (const [action, form] of Object.entries({
      poll: {},
      reconnect: {},
      send: { data: '{}' },
    })) {
      const reply = await client.request(action, { messageId: cursor }, { form, user: 'mallory' });
      expect(reply.status).toBe(403);
    }
    const socket = client.socket('reconnect', { user: 'mallory' });
    expect(await socket.refusal()).toMatch(/^400 Only webSockets/);
    expect(host.classic.connectionCount).toBe(1);
  });

  it('a groups token that is not of this connection', async () => {
    const cursor = await client.connect();
    const query = { messageId: cursor, groupsToken: 'WyJhIl0.nonsense' };
    expect(await client.request('poll', query)).toMatchObject({ status: 403 });
  });

  it('a second connect of a started connection, and one too many', async () => {
    await client.connect();
    expect((await client.request('connect')).status).toBe(409);
    await (await new RawClient(host).negotiate()).connect();
    const third = await new RawClient(host).negotiate();
    expect(await third.request('connect')).toMatchObject({ status: 503 });
  });

  it.each([
    ['nonsense', /JSON object/],
    [Buffer.from('{}'), /JSON object/],
  ])('%o on a socket', async (data, reason) => {
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    socket.socket.send(data);
    expect(await socket.frame((frame) => frame.D === 1)).toMatchObject({
      E: expect.stringMatching(reason),
    });
    expect(await socket.closed).toBe(1000);
    expect(host.classic.connectionCount).toBe(0);
  });

  it('a message that is too large for a socket', async () => {
    client.query.transport = 'webSockets';
    const socket = await client.socket().opened();
    socket.socket.send('x'.repeat(32 * 1024 + 1));
    expect(await socket.closed).toBe(1009);
  });

  it('upgrades that are none of this protocol', async () => {
    client.query.transport = 'webSockets';
    expect(await client.socket('poll').refusal()).toMatch(/^400 poll takes no upgrade/);
    expect(await client.socket('connect', { user: 'mallory' }).refusal()).toMatch(/^403 /);
    const headers = { origin: 'https://elsewhere.example' };
    expect(await client.socket('connect', { headers }).refusal()).toMatch(/^403 The origin/);
    client.query.clientProtocol = '1.5';
    expect(await client.socket('reconnect').refusal()).toMatch(/^404 .*start again/);
  });
});
