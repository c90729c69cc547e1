import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { hubContract } from '../../src/hub/hub-contract.ts';
import { TestCaller } from '../support/calls.ts';
import { TestHush, temporaryFolder, ucc } from '../support/hush/hush.ts';
import { addPeople, fetchToken, type Person, tenantId } from '../support/people.ts';
import { freeRtpPorts } from '../support/ports.ts';

const LIFETIME_MS = 2_000;
let hush: TestHush;
let here: Person;
let elsewhere: Person;

beforeAll(async () => {
  const dataDir = temporaryFolder();
  const ports = await freeRtpPorts();
  const people = await addPeople(dataDir, [
    { name: 'here', roles: ['integrator'], uccs: [ucc], sipUri: null },
    { name: 'elsewhere', roles: ['integrator'], uccs: ['ucc-other'], sipUri: null },
  ]);
  [here, elsewhere] = people as [Person, Person];
  hush = await TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      auth: {
        ...config.auth,
        mode: 'embedded',
        tenantId,
        tokenLifetimeMs: LIFETIME_MS,
        clockSkewMs: 0,
      },
    }),
  });
});
afterAll(() => hush.remove());

function connectionOf(person: Person, transport = HttpTransportType.WebSockets) {
  return new HubConnectionBuilder()
    .withUrl(hush.api + hubContract.paths.signalrV2, {
      transport,
      accessTokenFactory: () => fetchToken(hush.api, person),
    })
    .withAutomaticReconnect([0])
    .configureLogging(5)
    .build();
}

describe('tokens of the v2 hub', () => {
  test.each([
    ['WebSockets', HttpTransportType.WebSockets],
    ['ServerSentEvents', HttpTransportType.ServerSentEvents],
  ])('%s: a connection ends with its token, and returns with a fresh one', async (_, transport) => {
    const connection = connectionOf(here, transport);
    const back = new Promise((resolve) => connection.onreconnected(resolve));
    const begunMs = performance.now();
    await connection.start();
    await back;
    // Tokens name whole seconds. If it did not end by itself, the connection would never return.
    expect(performance.now() - begunMs).toBeGreaterThan(LIFETIME_MS - 1_000);
    await connection.stop();
  });

  test.each(['Bearer ', 'bearer', 'Basic eA==', 'Negotiate'])(
    'a header %j is ignored in favour of the token in the query',
    async (Authorization) => {
      const url = `${hush.api}${hubContract.paths.signalrV2}/negotiate?negotiateVersion=1`;
      const token = await fetchToken(hush.api, here);
      const post = { method: 'POST', headers: { Authorization } };
      expect((await fetch(`${url}&access_token=${token}`, post)).status).toBe(200);
      expect((await fetch(`${url}&access_token=x`, post)).status).toBe(401);
      expect((await fetch(url, post)).status).toBe(401);
    },
  );

  test('events go only to those who see the UCC', async () => {
    const caller = await TestCaller.open();
    const heard: string[] = [];
    const [mine, theirs] = [connectionOf(here), connectionOf(elsewhere)];
    mine.on('RecordingStateChangedEvent', () => heard.push('mine'));
    theirs.on('RecordingStateChangedEvent', () => heard.push('theirs'));
    await Promise.all([mine.start(), theirs.start()]);
    await expect(theirs.invoke('Subscribe', ucc)).rejects.toThrow('The UCC was not recognized.');
    await expect(theirs.invoke('Subscribe', 'no-such')).rejects.toThrow(
      'The UCC was not recognized.',
    );
    const { correlationId, call } = await caller.call(hush, { silent: true });
    await hush.command('Mark', correlationId);
    await expect.poll(() => heard).toEqual(['mine']);
    await call.end();
    await Promise.all([mine.stop(), theirs.stop()]);
    await caller.close();
  });

  test('401 without a token, with a bad one, and for the upgrade as well', async () => {
    const url = hush.api + hubContract.paths.signalrV2;
    for (const query of ['', '?access_token=x.y.z']) {
      expect((await fetch(`${url}/negotiate${query}`, { method: 'POST' })).status).toBe(401);
      const socket = new WebSocket(url.replace('http', 'ws') + query);
      const refused = await new Promise<Error>((resolve) => socket.once('error', resolve));
      expect(refused.message).toContain('401');
    }
  });

  test('equal tokens in header and query are accepted, different ones refused', async () => {
    const [token, other] = [
      await fetchToken(hush.api, here),
      await fetchToken(hush.api, elsewhere),
    ];
    const negotiate = async (query: string, bearer = token): Promise<number> => {
      const url = `${hush.api}${hubContract.paths.signalrV2}/negotiate?${query}`;
      const headers = { Authorization: `Bearer ${bearer}` };
      return (await fetch(url, { method: 'POST', headers })).status;
    };
    // At once: these tokens do not live long.
    const statuses = await Promise.all([
      negotiate(`access_token=${token}`),
      negotiate(`access_token=${token}&access_token=${token}`),
      negotiate('access_token='),
      negotiate(`access_token=${other}`),
      negotiate(`access_token=${token}&access_token=${other}`),
      negotiate(`access_token=${token}x`, 'x.y.z'),
      negotiate('access_token=x.y.z', 'x.y.z'),
    ]);
    expect(statuses).toEqual([200, 200, 200, 400, 400, 400, 401]);
  });

  test('a connection cannot be used by another bearer', async () => {
    const url = hush.api + hubContract.paths.signalrV2;
    const token = await fetchToken(hush.api, here);
    const negotiated = await fetch(`${url}/negotiate?negotiateVersion=1&access_token=${token}`, {
      method: 'POST',
    });
    const { connectionToken } = (await negotiated.json()) as { connectionToken: string };
    const other = await fetchToken(hush.api, elsewhere);
    const path = `${url}?id=${connectionToken}&access_token=`;
    expect((await fetch(path + other)).status).toBe(403);
    const v1 = hush.api + hubContract.paths.signalr;
    expect((await fetch(`${v1}?id=${connectionToken}`)).status).toBe(403);
  });
});
